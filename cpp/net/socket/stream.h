// One TCP connection of a lane: two queues of pieces of messages, and the system calls that move them. The hot path: no
// allocation, no lock, no system call beyond the I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "net/poller.h"
#include "net/socket/request.h"
#include "net/socket/zero_copy.h"
#include "trust/secure_socket.h"

namespace hawser {

class SocketStream : public PollTarget {
 public:
  // A connection that carries frames needs `staged`: a small buffer that takes frames and the heads of messages.
  SocketStream(SecureSocket socket, bool staged, uint32_t zerocopy);
  ~SocketStream() override;

  Status arm(Poller& poller);
  void on_ready(uint32_t events) override;
  void expect_input() {
    readable_ = true;
    errors_ = errors_ || zerocopy_.outstanding();
  }

  // Both queues have room for one piece of each request.
  void queue_send(SocketRequest* request, const std::byte* data, size_t bytes, bool framed);
  // Takes what is staged at once; the rest will be read to its place.
  void queue_receive(SocketRequest* request, std::byte* data, size_t bytes);

  // The next frame when it has arrived and the message before it is complete.
  bool take_frame(FrameWire* out);
  bool frame_staged() const { return receives_.empty() && staged() >= sizeof(FrameWire); }

  // Writes until the queue is empty, the kernel's buffer full or this call's share of work done. False: failure()
  // tells.
  bool write(bool* moved);
  // One read. `got` is 0 when nothing is there. False: failure() tells.
  bool read(size_t* got);
  // Takes note of what the kernel reported beside data. False: failure() tells.
  bool handle_errors();

  bool can_write() const { return writable_ && !sends_.empty(); }
  bool drained() const { return writable_ && sends_.empty(); }
  // `expecting`: a receive waits for a frame.
  bool can_read(bool expecting) const {
    return readable_ && (!receives_.empty() || (staging_ != nullptr && (staged() == 0 || expecting)));
  }
  bool has_errors() const { return errors_; }

  // Drops what is to come for this request.
  void drop(const SocketRequest* request);
  // The rest of this send, to be read from `copy`, a copy of the message that starts at `original`.
  void redirect(const SocketRequest* request, const std::byte* original, const std::byte* copy);

  // Ends the connection at once; the kernel forgets what it has not sent.
  void abort();
  Status check_alive(Nanos silence);
  Status fail(const std::string& what, int sys_errno);
  // Whether the peer may speak as `rank`.
  Status vouch(int rank) const { return socket_.vouch(rank); }
  const Status& failure() const { return failure_; }
  const std::string& local() const { return local_; }
  const std::string& peer() const { return peer_; }

 private:
  struct SendPiece {
    SocketRequest* request;
    size_t frame_left;
    const std::byte* data;
    size_t left;
  };
  struct ReceivePiece {
    SocketRequest* request;
    std::byte* data;  // null: drop
    size_t left;
  };
  struct Gathered;

  size_t staged() const { return staged_end_ - staged_begin_; }
  void gather_sends(Gathered* out);
  void consume_sends(size_t bytes);
  void gather_receives(Gathered* out);
  void consume_receives(size_t bytes);
  void await_more();

  SecureSocket socket_;
  Poller* poller_ = nullptr;
  bool readable_ = true;
  size_t wake_bytes_ = 1;  // how much must have arrived before the poller tells
  bool writable_ = true;
  bool hung_up_ = false;
  bool errors_ = false;
  int end_reason_ = 0;  // the errno by which writing found that the peer is gone
  FixedRing<SendPiece, kRequestsPerDirection> sends_;
  FixedRing<ReceivePiece, kRequestsPerDirection> receives_;
  std::unique_ptr<std::byte[]> staging_;
  size_t staged_begin_ = 0;
  size_t staged_end_ = 0;
  std::unique_ptr<std::byte[]> sink_;  // where dropped bytes go
  ZeroCopy zerocopy_;
  uint64_t acked_ = 0;     // as check_alive saw it last
  Nanos acked_since_ = 0;  // when `acked_` last moved while bytes were under way; 0 when none were
  Status failure_;
  std::string local_;
  std::string peer_;
};

}  // namespace hawser
