// What the opaque types of hawser_port.h are.
#pragma once

#include <memory>
#include <vector>

#include "port/context.h"
#include "port/endpoint.h"
#include "port/port_channel.h"

struct hawser_port_context {
  hawser::port::Context context;
};
struct hawser_port_endpoint {
  std::unique_ptr<hawser::port::Endpoint> endpoint;
};
struct hawser_port_connection {
  std::shared_ptr<hawser::port::Connection> connection;
};
struct hawser_port_memory {
  std::shared_ptr<hawser::port::Memory> memory;
};
struct hawser_port_semaphore {
  std::unique_ptr<hawser::port::Semaphore> semaphore;
};
struct hawser_port_channel {
  hawser::port::PortChannel* channel;
};
struct hawser_proxy {
  std::unique_ptr<hawser::port::BaseProxyService> base;
  hawser::port::ProxyService* service;  // `base`; null when it is one of the caller's own
  std::vector<std::unique_ptr<hawser_port_channel>> channels{};
};
