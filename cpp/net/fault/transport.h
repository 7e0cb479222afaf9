// A network with faults, below the protocol: the lanes over it do not know. For rehearsals of what real networks do;
// it is there only for whom names it.
#pragma once

#include <memory>
#include <vector>

#include "net/fault/board.h"

namespace hawser {

// What listens and connects through `inner`. A wrapper does not change what is on the wire: the peer may use the inner
// network without faults.
class FaultTransport : public Transport {
 public:
  FaultTransport(std::unique_ptr<Transport> inner, std::shared_ptr<FaultBoard> board)
      : owned_(std::move(inner)), inner_(*owned_), board_(std::move(board)) {}
  // Over a transport that outlives this one.
  FaultTransport(Transport& inner, std::shared_ptr<FaultBoard> board) : inner_(inner), board_(std::move(board)) {}

  const char* name() const override { return "fault"; }
  const std::vector<DeviceProperties>& devices() const override { return inner_.devices(); }
  Nanos attempt_limit() const override { return inner_.attempt_limit(); }
  uint32_t longest_chunk() const override { return inner_.longest_chunk(); }
  Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) override;
  Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) override;

 private:
  std::unique_ptr<Transport> owned_;
  Transport& inner_;
  std::shared_ptr<FaultBoard> board_;
  size_t listened_ = 0;
};

}  // namespace hawser
