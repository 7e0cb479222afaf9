// One end of a connection to be.
#pragma once

#include <memory>
#include <vector>

#include "port/connection.h"
#include "port/transport.h"

namespace hawser::port {

class Endpoint {
 public:
  static Status open(Context& context, const hawser_endpoint_config& config, std::unique_ptr<Endpoint>* out);

  // What the peer's connect wants.
  const std::vector<uint8_t>& told() const { return told_.bytes(); }
  // [blocks, once] Both sides call it; each waits for the other.
  Status connect(Reader peer, Nanos deadline, std::shared_ptr<Connection>* out);

 private:
  Endpoint(Context& context, uint32_t transport) : context_(context), transport_(transport) {}
  Context& context_;
  uint32_t transport_;
  uint64_t number_ = 0;
  std::unique_ptr<EndpointState> state_;
  Writer told_;
};

}  // namespace hawser::port
