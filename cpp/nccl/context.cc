#include "nccl/context.h"

#include <cstdlib>

#include "hawser_mem.h"
#include "nccl/log.h"
#include "nccl/settings.h"

namespace hawser::nccl {

namespace {

// What a lane counts whose driver does not tell its speed, as NCCL's own sockets do.
constexpr int kUnknownSpeed = 10'000;

std::string pci_path_of(const DeviceProperties& device) {
  if (device.pci.empty()) return {};
  char* const path = realpath(("/sys/class/net/" + device.name + "/device").c_str(), nullptr);
  std::string text = path == nullptr ? "" : path;
  std::free(path);
  return text;
}

}  // namespace

Status Context::open(std::shared_ptr<Context>* out) {
  hawser_config config{};
  if (Status status = read_settings(&config); !status.ok()) return status;
  hawser_identity identity;
  if (Status status = read_identity(&identity.identity); !status.ok()) return status;
  if (identity.identity != nullptr) config.identity = &identity;
  auto context = std::make_shared<Context>();
  if (Status status = context->polled_.open(config); !status.ok()) return status;
  Engine& engine = context->polled_.engine();
  std::string names;
  for (const int lane : engine.lanes()) names += " " + engine.transport().devices()[static_cast<size_t>(lane)].name;
  log_info("one device made of the lanes" + names);
  *out = std::move(context);
  return {};
}

DeviceFacts Context::facts() {
  Engine& engine = polled_.engine();
  const std::vector<DeviceProperties>& devices = engine.transport().devices();
  DeviceFacts facts;
  facts.pci_path = pci_path_of(devices[static_cast<size_t>(engine.lanes().front())]);
  for (const int lane : engine.lanes()) {
    const int speed = devices[static_cast<size_t>(lane)].speed_mbps;
    facts.speed_mbps += speed > 0 ? speed : kUnknownSpeed;
  }
  int32_t gpus = 0;
  if (hawser_cuda_devices(&gpus, nullptr) == HAWSER_OK && gpus > 0) facts.pointer_kinds |= kPointerCuda;
  return facts;
}

Status Context::listen(void* handle, std::unique_ptr<ListenComm>* out) {
  auto comm = std::make_unique<ListenComm>(shared_from_this());
  Status status = comm->open(handle);
  if (status.ok()) *out = std::move(comm);
  return status;
}

Status Context::connect(const void* handle, std::unique_ptr<LinkComm>* out) {
  Rendezvous to;
  if (Status status = Rendezvous::read(handle, &to); !status.ok()) return status;
  std::unique_ptr<Connecting> ended;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Connecting>& connecting = connecting_[to.ticket];
    if (connecting == nullptr) {
      connecting = std::make_unique<Connecting>(polled_.engine(), std::move(to));
      return {};
    }
    if (!connecting->finished()) return {};
    ended = std::move(connecting);
    connecting_.erase(to.ticket);
  }
  std::unique_ptr<Link> link;
  if (Status status = ended->result(&link); !status.ok()) return status;
  auto comm = std::make_unique<LinkComm>(shared_from_this(), std::move(link));
  Status status = comm->attach();
  if (status.ok()) *out = std::move(comm);
  return status;
}

void Context::finish() {
  std::map<Ticket, std::unique_ptr<Connecting>> given_up;
  const std::lock_guard lock(mutex_);
  given_up.swap(connecting_);
}

}  // namespace hawser::nccl
