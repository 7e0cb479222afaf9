// A connection of the transport CudaIpc: what is put is copied by a GPU's copy engine, in the order of a stream of the
// connection's own; signals and fences are operations of that stream. Nothing waits, and no thread of ours is needed:
// the GPU writes the peer's word, and the driver's callback answers a fence.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "port/connection.h"
#include "port/cuda/memory.h"

namespace hawser::port {

class CudaConnection : public Connection {
 public:
  static Status open(Context& context, std::unique_ptr<Control> control, cuda::Gpu& gpu,
                     std::shared_ptr<Connection>* out);
  ~CudaConnection() override;

  bool posts_without_copying() const override { return true; }
  bool rings() const override { return false; }
  Status make_device_word(std::shared_ptr<void>* storage, std::shared_ptr<Memory>* memory) override;

 protected:
  bool advance(Work& work) override;
  void stop() override;

 private:
  struct Notes;

  CudaConnection(Context& context, std::unique_ptr<Control> control, cuda::Gpu& gpu);
  bool has_room();
  Status issue(const Work& work);
  Status copy(const Work& work);
  Status find(const Work& work, CUdeviceptr* out);
  Status note(uint64_t mark);
  static void on_note(void* notes);

  cuda::Gpu& gpu_;
  CUstream stream_ = nullptr;
  uint64_t issued_ = 0;  // operations of the stream
  std::unique_ptr<Notes> notes_;
};

}  // namespace hawser::port
