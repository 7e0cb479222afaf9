// Tells at once when a device loses or regains its carrier (rtnetlink).
#pragma once

#include <functional>
#include <string>

#include "net/poller.h"

namespace hawser {

class LinkMonitor : public PollTarget {
 public:
  // `changed(ifindex, name, up)` is called from poll() by the driving thread.
  using Changed = std::function<void(int, const std::string&, bool)>;

  explicit LinkMonitor(Changed changed);
  ~LinkMonitor() override;

  // Adds the netlink socket to `poller`. Where netlink is not permitted the monitor stays silent and lanes are watched by
  // their sockets alone.
  Status arm(Poller& poller);
  void on_ready(uint32_t events) override;

  // Reads what the kernel reported since the last call; cheap when nothing did.
  void poll();

 private:
  Changed changed_;
  int fd_ = -1;
  bool ready_ = false;
};

}  // namespace hawser
