// The socket transport's Comm: messages over one or several TCP connections.
//
// Connection 0 carries every frame. Messages of less than 64 KiB a connection travel there whole; longer ones are cut
// in equal slices, slice j on connection j. Both ends know the slices from the length.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/socket/stream.h"
#include "net/transport.h"

namespace hawser {

class SocketComm : public Comm {
 public:
  // `connections` in the order of their index in the lane.
  SocketComm(std::vector<SecureSocket> connections, const TransportOptions& options);

  Status isend(const void* data, size_t bytes, Memory* memory, Request** out) override;
  Status irecv(void* data, size_t bytes, Memory* memory, Request** out) override;
  bool test(Request* request, size_t* bytes) override;
  Status progress(bool* moved) override;
  void detach(Request* request) override;
  bool writable() const override;
  bool ready() const override;
  void expect_input() override;
  Status arm(Poller& poller) override;
  Status check_alive(Nanos silence) override;
  Status vouch(int rank) const override;
  Status register_memory(void* address, size_t bytes, int kind, Memory** out) override;
  void deregister_memory(Memory* memory) override;
  std::string local_address() const override;
  std::string peer_address() const override;
  int sockets() const override { return static_cast<int>(streams_.size()); }

 private:
  using Requests = FixedRing<SocketRequest, kRequestsPerDirection>;

  SocketStream& first() { return *streams_.front(); }
  const SocketStream& first() const { return *streams_.front(); }
  bool expecting() const { return bound_ < receives_.size(); }

  bool handle_errors();
  bool receive(bool* moved);
  bool read(SocketStream& stream, bool* moved);
  void send(bool* moved);
  // Gives receives the frames that have arrived.
  bool take_frames(bool* moved);
  bool bind(SocketRequest* request, const FrameWire& frame);
  bool broken_by(const SocketStream& stream);
  void detach_send(SocketRequest* request);

  std::vector<std::unique_ptr<SocketStream>> streams_;
  Requests sends_;
  Requests receives_;
  uint32_t bound_ = 0;  // of `receives_`, how many have their frame
  Status broken_;
};

}  // namespace hawser
