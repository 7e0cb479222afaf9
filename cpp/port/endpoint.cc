#include "port/endpoint.h"

#include "port/context.h"

namespace hawser::port {

namespace {

constexpr uint32_t kMagic = 0x45505748;  // "HWPE"
constexpr uint16_t kVersion = 1;

}  // namespace

Status Endpoint::open(Context& context, const hawser_endpoint_config& config, std::unique_ptr<Endpoint>* out) {
  if (config.struct_size != sizeof(config)) {
    return {HAWSER_VERSION_MISMATCH, "the caller's hawser_endpoint_config has " + std::to_string(config.struct_size) +
                                         " bytes, not " + std::to_string(sizeof(config))};
  }
  Transport* transport = nullptr;
  if (Status status = context.transport(config.transport, &transport); !status.ok()) return status;
  std::unique_ptr<Endpoint> endpoint(new Endpoint(context, config.transport));
  endpoint->number_ = context.next_number();
  Writer part;
  if (Status status = transport->open_endpoint(config, part, &endpoint->state_); !status.ok()) return status;
  Writer& told = endpoint->told_;
  told.put(kMagic);
  told.put(kVersion);
  told.put(config.transport);
  told.put(endpoint->number_);
  context.origin().write(told);
  told.put_all(part);
  *out = std::move(endpoint);
  return {};
}

Status Endpoint::connect(Reader peer, Nanos deadline, std::shared_ptr<Connection>* out) {
  const auto magic = peer.get<uint32_t>();
  const auto version = peer.get<uint16_t>();
  if (!peer.ok() || magic != kMagic) return {HAWSER_INVALID_ARGUMENT, "these are not the bytes of an endpoint"};
  if (version != kVersion) {
    return {HAWSER_VERSION_MISMATCH, "the endpoint was opened by another release of Hawser: run the same on both"};
  }
  const auto kind = peer.get<uint32_t>();
  const auto number = peer.get<uint64_t>();
  const Origin origin = Origin::read(peer);
  const Reader part = peer.get_block();
  if (!peer.ok()) return {HAWSER_INVALID_ARGUMENT, "the bytes of the endpoint are cut short"};
  // The devices of the two ends may differ.
  if (kind != transport_ && !(is_ib(kind) && is_ib(transport_))) {
    return Status(HAWSER_INVALID_ARGUMENT,
                  origin.name() + " has an endpoint of " + name_of(kind) + ", this one is of " + name_of(transport_))
        .of_rank(origin.rank);
  }
  if (state_ == nullptr) return {HAWSER_INVALID_ARGUMENT, "the endpoint was connected already: open another"};
  const std::unique_ptr<EndpointState> state = std::move(state_);
  std::unique_ptr<Control> control;
  if (Status status = context_.doors().join(number_, origin, number, deadline, &control); !status.ok()) return status;
  Transport* transport = nullptr;
  if (Status status = context_.transport(transport_, &transport); !status.ok()) return status;
  std::shared_ptr<Connection> connection;
  Status status = transport->connect(*state, part, std::move(control), deadline, &connection);
  if (status.ok()) status = connection->begin();
  if (!status.ok()) return std::move(status).of_rank(origin.rank);
  *out = std::move(connection);
  return {};
}

}  // namespace hawser::port
