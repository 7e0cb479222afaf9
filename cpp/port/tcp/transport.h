// The transport Tcp: a link of lanes a connection, all of them driven by one thread a context.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "lane/listener.h"
#include "port/tcp/driver.h"
#include "port/tcp/memories.h"
#include "port/transport.h"

namespace hawser::port {

class TcpTransport : public Transport {
 public:
  explicit TcpTransport(Context& context) : context_(context) {}
  Status open();

  Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) override;
  Status import_memory(const Memory& memory, Reader told, Nanos deadline, std::unique_ptr<Registration>* out) override;
  Status open_endpoint(const hawser_endpoint_config& config, Writer& told,
                       std::unique_ptr<EndpointState>* out) override;
  Status connect(EndpointState& mine, Reader peer, std::unique_ptr<Control> control, Nanos deadline,
                 std::shared_ptr<Connection>* out) override;

 private:
  Status go_to_peer(Control& control, Reader peer, Nanos deadline, std::unique_ptr<Link>* out);
  Status await_peer(Control& control, Nanos deadline, std::unique_ptr<Link>* out);
  Status await_link(const Ticket& ticket, Nanos deadline, std::unique_ptr<Link>* out);

  Context& context_;
  Engine engine_;
  TcpMemories memories_;
  std::unique_ptr<TcpDriver> driver_;
  Listener listener_{engine_};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool accepting_ = false;                            // somebody is at the listener
  std::map<Ticket, std::unique_ptr<Link>> expected_;  // null until it has come
};

}  // namespace hawser::port
