// The C ABI over the engine. Every function catches what its C++ half may throw (memory, in the main): nothing crosses.
#include "hawser.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/text.h"
#include "lane/listener.h"
#include "net/devices.h"
#include "net/features.h"
#include "net/survey.h"
#include "stat/notes.h"

using hawser::Status;

struct hawser_engine {
  hawser::Engine engine;
  std::vector<hawser_link*> attached;
};

struct hawser_listener {
  explicit hawser_listener(hawser_engine& owner) : engine(owner), listener(owner.engine) {}
  hawser_engine& engine;
  hawser::Listener listener;
};

struct hawser_link {
  hawser_engine& owner;
  std::unique_ptr<hawser::Link> link;
};

namespace {

using hawser::copy_text;
using hawser::guarded;

void describe_device(const hawser::LaneChoice& choice, size_t index, hawser_device* out) {
  const hawser::DeviceProperties& device = choice.devices[index];
  *out = {};
  copy_text(out->name, device.name);
  copy_text(out->address, device.address);
  copy_text(out->pci, device.pci);
  copy_text(out->reason, choice.reasons[index]);
  out->index = device.index;
  out->mtu = device.mtu;
  out->speed_mbps = device.speed_mbps;
  out->numa_node = device.numa_node;
  out->up = device.up ? 1 : 0;
  out->lane = -1;
  for (size_t lane = choice.lanes.size(); lane-- > 0;) {
    if (choice.lanes[lane] == static_cast<int>(index)) out->lane = static_cast<int32_t>(lane);
  }
}

bool is_attached(const hawser_link& link) {
  return std::find(link.owner.attached.begin(), link.owner.attached.end(), &link) != link.owner.attached.end();
}

// Writes a text as far as it fits; its length, 0 when it cannot be made.
template <typename Make>
int32_t tell(Make&& make, char* out, int32_t capacity) {
  int32_t length = 0;
  (void)guarded(nullptr, [&]() -> Status {
    const std::string text = make();
    length = static_cast<int32_t>(text.size());
    if (capacity > 0) {
      std::strncpy(out, text.c_str(), static_cast<size_t>(capacity) - 1);
      out[capacity - 1] = '\0';
    }
    return {};
  });
  return length;
}

Status adopt(hawser_engine& engine, std::unique_ptr<hawser::Link> link, hawser_link** out) {
  *out = new hawser_link{engine, std::move(link)};
  return {};
}

}  // namespace

uint32_t hawser_abi_version(void) { return HAWSER_ABI_VERSION; }

const char* hawser_version(void) { return "0.1.0"; }

int32_t hawser_devices(const char* spec, hawser_device* out, int32_t capacity, int32_t* count, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    hawser::LaneChoice choice;
    Status status = hawser::choose_lanes_here(spec == nullptr ? "" : spec, &choice);
    *count = static_cast<int32_t>(choice.devices.size());
    for (int32_t i = 0; i < std::min(*count, capacity); ++i) describe_device(choice, static_cast<size_t>(i), &out[i]);
    return status;
  });
}

int32_t hawser_features(char* out, int32_t capacity) {
  return tell([] { return hawser::features_json(); }, out, capacity);
}

int32_t hawser_survey(int64_t limit_ns, char* out, int32_t capacity) {
  return tell([limit_ns] { return hawser::survey_json(limit_ns); }, out, capacity);
}

int32_t hawser_engine_open(const hawser_config* config, hawser_engine** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto engine = std::make_unique<hawser_engine>();
    if (Status status = engine->engine.open(*config); !status.ok()) return status;
    *out = engine.release();
    return {};
  });
}

hawser_engine_shared* hawser_engine_memory(hawser_engine* engine, uint64_t* bytes) {
  *bytes = engine->engine.shared_bytes();
  return engine->engine.shared();
}

int32_t hawser_engine_lanes(hawser_engine* engine) { return static_cast<int32_t>(engine->engine.lanes().size()); }

int32_t hawser_engine_progress(hawser_engine* engine, int64_t timeout_ns, int64_t spin_ns, hawser_error* error) {
  int32_t events = 0;
  const int32_t code = guarded(error, [&]() -> Status {
    events = engine->engine.progress(timeout_ns, spin_ns);
    return {};
  });
  return code == HAWSER_OK ? events : code;
}

void hawser_engine_wake(hawser_engine* engine) { engine->engine.wake(); }

void hawser_engine_close(hawser_engine* engine) {
  while (!engine->attached.empty()) hawser_link_close(engine->attached.back());
  delete engine;
}

int32_t hawser_listen(hawser_engine* engine, const char* bind_address, uint16_t port, hawser_listener** out,
                      hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto listener = std::make_unique<hawser_listener>(*engine);
    if (Status status = listener->listener.open(bind_address == nullptr ? "" : bind_address, port); !status.ok()) {
      return status;
    }
    *out = listener.release();
    return {};
  });
}

uint16_t hawser_listener_port(hawser_listener* listener) { return listener->listener.port(); }

int32_t hawser_accept(hawser_listener* listener, int64_t timeout_ns, hawser_link** out, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    std::unique_ptr<hawser::Link> link;
    if (Status status = listener->listener.accept(timeout_ns, &link); !status.ok()) return status;
    return adopt(listener->engine, std::move(link), out);
  });
}

uint64_t hawser_listener_strangers(hawser_listener* listener) { return listener->listener.strangers(); }

void hawser_listener_close(hawser_listener* listener) { delete listener; }

int32_t hawser_connect(hawser_engine* engine, const char* host, uint16_t port, int64_t timeout_ns, hawser_link** out,
                       hawser_error* error) {
  return guarded(error, [&]() -> Status {
    std::unique_ptr<hawser::Link> link;
    if (Status status = connect_link(engine->engine, host, port, timeout_ns, &link); !status.ok()) {
      hawser::stats::tell_error(HAWSER_STAT_CONNECT_FAILED, {engine->engine.link_options().rank}, status);
      return status;
    }
    return adopt(*engine, std::move(link), out);
  });
}

int32_t hawser_link_attach(hawser_link* link, uint32_t* id, hawser_error* error) {
  return guarded(error, [&]() -> Status {
    if (is_attached(*link)) return {HAWSER_INVALID_ARGUMENT, "the link is attached already"};
    link->owner.attached.reserve(link->owner.attached.size() + 1);
    Status status = link->owner.engine.attach(link->link.get(), id);
    if (status.ok()) link->owner.attached.push_back(link);
    return status;
  });
}

hawser_link_shared* hawser_link_memory(hawser_link* link, uint64_t* bytes) {
  *bytes = link->link->shared_bytes();
  return link->link->shared();
}

int32_t hawser_link_describe(hawser_link* link, hawser_link_info* out) {
  link->link->describe(out);
  return HAWSER_OK;
}

int32_t hawser_link_lane(hawser_link* link, uint32_t lane, hawser_lane_info* out) {
  return guarded(nullptr, [&] { return link->link->describe_lane(lane, out); });
}

int32_t hawser_link_error(hawser_link* link, hawser_error* out) { return link->link->error().write_to(out); }

int32_t hawser_link_register(hawser_link* link, void* address, uint64_t bytes, uint32_t kind, uint64_t* memory,
                             hawser_error* error) {
  return guarded(
      error, [&]() -> Status { return link->link->register_memory(address, bytes, static_cast<int>(kind), memory); });
}

int32_t hawser_link_deregister(hawser_link* link, uint64_t memory, hawser_error* error) {
  return guarded(error, [&] { return link->link->channels().deregister_memory(memory); });
}

void hawser_link_close(hawser_link* link) {
  const std::unique_ptr<hawser_link> owned(link);
  if (!is_attached(*link)) return;
  std::erase(link->owner.attached, link);
  (void)guarded(nullptr, [&]() -> Status {
    link->link->close();
    return {};
  });
  link->owner.engine.detach(link->link.get());
}
