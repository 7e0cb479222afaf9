// Something beyond the network that must finish before a slot of a window is free, such as a copy of a GPU or an unpack
// kernel.
#pragma once

namespace hawser {

class WindowEvent {
 public:
  virtual ~WindowEvent() = default;
  virtual bool completed() = 0;
};

}  // namespace hawser
