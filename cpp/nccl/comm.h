// The ends of a connection as NCCL has them: one that listens, and a link of lanes for each that sends or receives.
//
// Tags are the lanes' own: sends find their receives by them, in order within a tag, whatever their groups. Calls for
// one comm come from one thread at a time; those for different comms may come at the same time.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>

#include "lane/listener.h"
#include "nccl/polled_engine.h"
#include "net/nccl_abi.h"

namespace hawser::nccl {

class Context;
class LinkComm;

constexpr int kMaxReceives = 8;  // in one group

class ListenComm {
 public:
  explicit ListenComm(std::shared_ptr<Context> context);
  // Fills the kHandleBytes of `handle`.
  Status open(void* handle);
  // Never waits; null while nobody has come: call again.
  Status accept(std::unique_ptr<LinkComm>* out);

 private:
  std::shared_ptr<Context> context_;
  Listener listener_;
  Ticket ticket_{};
};

// One isend, or the receives of one irecv. Owned by its comm; lent from isend or irecv until test() says done.
struct Request {
  struct Part {
    Request* request = nullptr;
    uint64_t bytes = 0;  // that were moved
  };
  LinkComm* comm = nullptr;
  bool taken = false;
  int parts = 0;
  uint64_t asked = 0;  // see PolledEngine::poll
  std::array<Part, kMaxReceives> part;
  std::atomic<int> pending{0};   // parts that have not ended
  std::atomic<int32_t> code{0};  // of a part that failed
};

// Memory of a GPU as reg_mr gives it to NCCL, for as long as it is registered.
struct DeviceMemory {
  uint64_t number;  // the link's
};

struct Buffer {
  void* data;
  uint64_t bytes;
  int tag;
  const DeviceMemory* memory;  // null: the host's
};

class LinkComm : private LinkUser {
 public:
  LinkComm(std::shared_ptr<Context> context, std::unique_ptr<Link> link);
  // Waits until what was sent is delivered, within bounds, unless requests are still under way: then their user has
  // given up, and their buffers are left alone when this returns.
  ~LinkComm() override;
  // Once, before anything else.
  Status attach();

  // [blocks] Memory of a GPU: its messages pass through pinned memory of the lanes, which the first one sets aside. A
  // receive is done when the GPU sees what came.
  Status register_memory(void* data, uint64_t bytes, std::unique_ptr<DeviceMemory>* out);
  // What is under way with it is not disturbed.
  Status deregister_memory(const DeviceMemory& memory);

  // Never wait. *out is null when kMaxRequests are under way: call again after a test.
  Status isend(const Buffer& buffer, Request** out);
  Status irecv(std::span<const Buffer> buffers, Request** out);

  // `bytes` (may be null) gets one count a part. A failed request stays taken: its other parts may still be written to.
  static Status test(Request& request, int* done, int* bytes);

 private:
  void on_event(const hawser_event& event) override;
  Request* take(size_t parts);
  void post(Request& request, size_t part, hawser_op_kind kind, const Buffer& buffer);
  bool in_use() const;
  std::string describe() const;

  std::shared_ptr<Context> context_;
  std::unique_ptr<Link> link_;
  uint32_t id_ = 0;
  bool attached_ = false;
  std::array<Request, kMaxRequests> requests_;
};

}  // namespace hawser::nccl
