// How bytes get into a peer's memory: what each transport gives to the ports, one object a transport and context.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "hawser_port.h"
#include "port/bytes.h"

namespace hawser::port {

class Connection;
class Context;
class Control;
class Memory;

constexpr bool is_ib(uint32_t transport) { return transport >= HAWSER_PORT_IB0 && transport <= HAWSER_PORT_IB7; }
// "Memory", "CudaIpc", "Tcp", "IB0" to "IB7".
std::string name_of(uint32_t transport);

// What a transport keeps of one memory: of this process's, or of a peer's.
class Registration {
 public:
  virtual ~Registration() = default;
  // [any, once] The memory was freed, though works may still name it: peers' puts are refused from now on, and when
  // this returns nothing touches the memory on their behalf any more.
  virtual void end() {}
};

// What a transport keeps of one endpoint until it is connected.
class EndpointState {
 public:
  virtual ~EndpointState() = default;
};

// Any thread may call; a transport guards what it shares.
class Transport {
 public:
  virtual ~Transport() = default;

  // Whether it can be used here, or why not.
  virtual Status available() { return {}; }

  // A memory of this process; what peers need to reach it goes to `told`.
  virtual Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) = 0;
  // A peer's memory, by what its transport told. May block until `deadline`.
  virtual Status import_memory(const Memory& memory, Reader told, Nanos deadline,
                               std::unique_ptr<Registration>* out) = 0;

  // An endpoint; what the peer's transport needs to connect to it goes to `told`.
  virtual Status open_endpoint(const hawser_endpoint_config& config, Writer& told,
                               std::unique_ptr<EndpointState>* out) = 0;
  // Blocks until `deadline`. `peer` is what the peer's open_endpoint told; both sides are in this call, joined by
  // `control`, which the connection takes over.
  virtual Status connect(EndpointState& mine, Reader peer, std::unique_ptr<Control> control, Nanos deadline,
                         std::shared_ptr<Connection>* out) = 0;
};

// Each makes its transport where it can be had here, or says why not.
Status make_memory_transport(Context& context, std::unique_ptr<Transport>* out);
Status make_tcp_transport(Context& context, std::unique_ptr<Transport>* out);
Status make_ofi_transport(Context& context, uint32_t device, std::unique_ptr<Transport>* out);
Status make_cuda_ipc_transport(Context& context, std::unique_ptr<Transport>* out);

}  // namespace hawser::port
