#include "port/context.h"

#include "net/devices.h"
#include "stat/file.h"

namespace hawser::port {

namespace {

// Where peers on other machines reach this one: as the first lane is reached.
std::string first_lane_address(const std::string& lanes) {
  LaneChoice choice;
  if (!choose_lanes_here(lanes, &choice).ok() || choice.lanes.empty()) return "127.0.0.1";
  const std::string& address = choice.devices[static_cast<size_t>(choice.lanes.front())].address;
  return address.empty() ? "127.0.0.1" : address;
}

}  // namespace

Status Context::open(const hawser_port_config& config) {
  if (config.struct_size != sizeof(config)) {
    return {HAWSER_VERSION_MISMATCH, "the caller's hawser_port_config has " + std::to_string(config.struct_size) +
                                         " bytes, not " + std::to_string(sizeof(config))};
  }
  config_ = config;
  const std::string address = config.address[0] != '\0' ? config.address : first_lane_address(config.lanes.lanes);
  if (Status status = board_.open(); !status.ok()) return status;
  if (config.lanes.identity != nullptr) {
    identity_ = *config.lanes.identity;
    config_.lanes.identity = &identity_;
  }
  const Clear clear = config.lanes.insecure != 0 ? Clear::kAnywhere : Clear::kThisMachine;
  if (Status status = doors_.open(config.rank, address, identity_.identity, clear); !status.ok()) return status;
  if (stats::File* file = stats::File::open(); file != nullptr && config.rank >= 0) file->set_rank(config.rank);
  thread_ = std::thread([this] { run(); });
  return {};
}

Context::~Context() {
  stopping_ = true;
  watches().wake();
  if (thread_.joinable()) thread_.join();
  boards_.fill(nullptr);
}

Status Context::make_transport(uint32_t kind, std::unique_ptr<Transport>* out) {
  if (kind == HAWSER_PORT_MEMORY) return make_memory_transport(*this, out);
  if (kind == HAWSER_PORT_CUDA_IPC) return make_cuda_ipc_transport(*this, out);
  if (kind == HAWSER_PORT_TCP) return make_tcp_transport(*this, out);
  if (is_ib(kind) && identity_.identity != nullptr) {
    return {HAWSER_UNSUPPORTED, name_of(kind) + " does not encrypt, and there is an identity: use the transport Tcp"};
  }
  if (is_ib(kind)) return make_ofi_transport(*this, kind - HAWSER_PORT_IB0, out);
  return {HAWSER_INVALID_ARGUMENT, "there is no transport " + std::to_string(kind)};
}

Status Context::transport(uint32_t kind, Transport** out) {
  const std::scoped_lock lock(transports_mutex_);
  if (kind >= kTransports) return {HAWSER_INVALID_ARGUMENT, "there is no transport " + std::to_string(kind)};
  std::unique_ptr<Transport>& transport = transports_[kind];
  if (transport == nullptr) {
    if (Status status = make_transport(kind, &transport); !status.ok()) return status;
  }
  *out = transport.get();
  return {};
}

Status Context::board_memory(uint32_t transport, std::shared_ptr<Memory>* out) {
  const std::scoped_lock lock(boards_mutex_);
  std::shared_ptr<Memory>& memory = boards_[transport];
  if (memory == nullptr) {
    Status status = Memory::register_local(*this, board_.memory().data(), board_.memory().size(), HAWSER_MEMORY_HOST,
                                           1u << transport, &memory);
    if (!status.ok()) return status;
  }
  *out = memory;
  return {};
}

void Context::pump(std::shared_ptr<Connection> connection) {
  {
    const std::scoped_lock lock(pumped_mutex_);
    for (const auto& one : pumped_) {
      if (one == connection) return;
    }
    pumped_.push_back(std::move(connection));
  }
  watches().wake();
}

bool Context::pump_all() {
  std::vector<std::shared_ptr<Connection>> now_pumped;
  {
    const std::scoped_lock lock(pumped_mutex_);
    now_pumped.swap(pumped_);
  }
  bool waits = false;
  for (auto& connection : now_pumped) {
    if (!connection->pump()) continue;
    waits = true;
    pump(std::move(connection));
  }
  return waits;
}

void Context::run() {
  while (!stopping_) {
    const Nanos patience = doors_.dismiss();
    watches().wait(pump_all() ? 0 : patience);
  }
}

}  // namespace hawser::port
