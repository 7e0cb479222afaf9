#include "lane/channel_manager.h"

#include <poll.h>

#include <algorithm>

#include "base/text.h"

namespace hawser {

namespace {

// Set-up is not a hot path: where a step cannot be waited for by descriptor it is taken again after this long.
constexpr int kStepMillis = 1;
constexpr Nanos kRetryInterval = 20 * kMillisecond;

// A fault of the way, rather than an answer of the other end's: another attempt may do better.
bool may_pass(const Status& status) { return status.code() == HAWSER_LANE_LOST || status.code() == HAWSER_IO; }

}  // namespace

ChannelManager::ChannelManager(Transport& transport, const std::vector<int>& net_devs, const wire::Hello& hello)
    : transport_(transport), hello_(hello) {
  for (const int net_dev : net_devs) {
    auto channel = std::make_unique<Channel>();
    channel->id = static_cast<int>(channels_.size());
    channel->net_dev = net_dev;
    channel->device = transport.devices()[static_cast<size_t>(net_dev)].name;
    channels_.push_back(std::move(channel));
  }
}

Status ChannelManager::server_listen_all(std::vector<Handle>* handles) {
  listens_ = true;
  handles->clear();
  for (auto& channel : channels_) {
    if (Status status = transport_.listen(channel->net_dev, &channel->handle, &channel->listen_comm); !status.ok()) {
      for (auto& other : channels_) other->listen_comm.reset();
      handles->clear();
      return std::move(status).on_lane(channel->id, channel->device);
    }
    handles->push_back(channel->handle);
  }
  return {};
}

Status ChannelManager::start(Channel& channel) {
  std::unique_ptr<Comm> comm;
  if (listens_) {
    if (Status status = channel.listen_comm->accept(&comm); !status.ok()) return status;
  } else {
    if (channel.connector == nullptr) {
      if (Status status = transport_.connect(channel.net_dev, channel.handle, &channel.connector); !status.ok()) {
        return status;
      }
    }
    if (Status status = channel.connector->poll(&comm); !status.ok()) {
      channel.connector.reset();
      return status;
    }
  }
  if (comm == nullptr) return {};
  channel.connector.reset();
  wire::Hello mine = hello_;
  mine.lane = static_cast<uint16_t>(channel.id);
  mine.incarnation = channel.incarnation;
  copy_text(mine.device, channel.device);
  channel.handshake = std::make_unique<Handshake>(std::move(comm), mine, listens_);
  return {};
}

Status ChannelManager::step(Channel& channel, bool* live) {
  *live = false;
  if (channel.handshake == nullptr) {
    if (Status status = start(channel); !status.ok()) return std::move(status).on_lane(channel.id, channel.device);
    if (channel.handshake == nullptr) return {};
  }
  bool done = false;
  if (Status status = channel.handshake->step(&done); !status.ok()) {
    channel.handshake.reset();
    return std::move(status).on_lane(channel.id, channel.device);
  }
  if (!done) return {};
  peer_ = channel.handshake->theirs();
  channel.peer_device = peer_.device;
  channel.comm = channel.handshake->take();
  channel.handshake.reset();
  // Both ends take the same number, whichever of them saw a connection that the other did not.
  channel.incarnation = std::max(channel.incarnation, peer_.incarnation) + 1;
  if (Status status = register_again(channel); !status.ok()) {
    channel.comm.reset();
    return status;
  }
  *live = true;
  return {};
}

bool ChannelManager::knock(Channel& channel) {
  if (channel.handshake == nullptr) (void)start(channel);
  return channel.handshake != nullptr;
}

void ChannelManager::abandon(Channel& channel) {
  channel.connector.reset();
  channel.handshake.reset();
}

Status ChannelManager::accept_lane(Channel& channel, bool* live) {
  if (Status status = start(channel); !status.ok()) return std::move(status).on_lane(channel.id, channel.device);
  *live = channel.comm != nullptr && channel.handshake == nullptr;
  if (channel.handshake == nullptr) return {};
  // Whoever comes again proves the token again: the connector has lost what came before, though this end may not know.
  channel.comm.reset();
  return step(channel, live);
}

Status ChannelManager::accept_some(bool* complete) {
  uint32_t there = 0;
  uint32_t wanted = 0;
  for (auto& channel : channels_) {
    bool live = false;
    if (Status status = accept_lane(*channel, &live); !status.ok() && !may_pass(status)) return status;
    if (!live) continue;
    there |= 1u << channel->id;
    wanted = peer_.lane_mask;
  }
  *complete = wanted != 0 && (there & wanted) == wanted;
  return {};
}

std::vector<int> pair_lanes(const std::vector<std::string>& devices, const std::vector<Handle>& handles) {
  const size_t lanes = std::min(devices.size(), handles.size());
  std::vector<int> pairing(lanes, -1);
  std::vector<bool> used(handles.size(), false);
  for (size_t i = 0; i < lanes; ++i) {
    for (size_t h = 0; h < handles.size() && pairing[i] < 0; ++h) {
      if (used[h] || handle_device(handles[h]) != devices[i]) continue;
      pairing[i] = static_cast<int>(h);
      used[h] = true;
    }
  }
  for (size_t i = 0; i < lanes; ++i) {
    if (pairing[i] >= 0) continue;
    const auto free = std::find(used.begin(), used.end(), false);
    pairing[i] = static_cast<int>(free - used.begin());
    *free = true;
  }
  return pairing;
}

Status ChannelManager::client_connect_all(const std::vector<Handle>& handles, Nanos deadline) {
  std::vector<std::string> devices;
  for (const auto& channel : channels_) devices.push_back(channel->device);
  const std::vector<int> pairing = pair_lanes(devices, handles);
  if (pairing.empty()) return {HAWSER_INVALID_ARGUMENT, "there is no lane to connect: name devices with --lanes"};
  channels_.resize(pairing.size());
  // Lanes keep the listener's numbers, so that both ends speak of the same lane by the same index.
  hello_.lane_mask = 0;
  for (size_t i = 0; i < channels_.size(); ++i) {
    channels_[i]->id = pairing[i];
    channels_[i]->handle = handles[static_cast<size_t>(pairing[i])];
    hello_.lane_mask |= 1u << pairing[i];
  }
  std::sort(channels_.begin(), channels_.end(), [](const auto& a, const auto& b) { return a->id < b->id; });

  Status status = connect_lanes(deadline);
  if (status.ok()) {
    keep(hello_.lane_mask);
  } else {
    close_all();
  }
  return status;
}

Status ChannelManager::connect_lanes(Nanos deadline) {
  struct Attempts {
    Nanos next = 0;
    Nanos limit = 0;  // when the one under way has hung, as an attempt after a failed one may; 0: with the deadline
    Status fault;     // of the last one
  };
  std::vector<Attempts> attempts(channels_.size());
  for (;;) {
    bool complete = true;
    for (size_t i = 0; i < channels_.size(); ++i) {
      bool live = channels_[i]->comm != nullptr;
      if (!live && now() >= attempts[i].next) {
        Status status = step(*channels_[i], &live);
        if (!status.ok() && !may_pass(status)) return status;
        if (!live && status.ok() && attempts[i].limit != 0 && now() >= attempts[i].limit) {
          abandon(*channels_[i]);
          status = std::move(attempts[i].fault);
        }
        if (!status.ok()) {
          const Nanos next = now() + kRetryInterval;
          attempts[i] = {next, next + transport_.attempt_limit(), std::move(status)};
        }
      }
      complete = complete && live;
    }
    if (complete) return {};
    if (now() >= deadline) break;
    ::poll(nullptr, 0, kStepMillis);
  }
  const auto absent = std::find_if(channels_.begin(), channels_.end(), [](auto& c) { return c->comm == nullptr; });
  Attempts& last = attempts[static_cast<size_t>(absent - channels_.begin())];
  if (!last.fault.ok()) return std::move(last.fault);
  return Status(HAWSER_TIMEOUT,
                "the listener did not take the lane in time: is its address reachable from this device?")
      .on_lane((*absent)->id, (*absent)->device);
}

void ChannelManager::keep(uint32_t mask) {
  std::erase_if(channels_, [mask](const auto& channel) { return (mask >> channel->id & 1) == 0; });
  for (size_t i = 0; i < channels_.size(); ++i) channels_[i]->id = static_cast<int>(i);
}

Status ChannelManager::register_with(Comm& comm, const Registration& what, Memory** out) {
  *out = nullptr;
  Status status = comm.register_memory(what.address, what.bytes, what.kind, out);
  return what.kind == HAWSER_MEMORY_DEVICE && status.code() == HAWSER_UNSUPPORTED ? Status() : status;
}

Status ChannelManager::register_memory(void* address, size_t bytes, int kind, uint64_t* number) {
  const Registration registration{address, bytes, kind, true};
  const size_t slot = registrations_.size();
  for (auto& channel : channels_) {
    channel->memories.resize(slot + 1, nullptr);
    if (channel->comm == nullptr) continue;
    Status status = register_with(*channel->comm, registration, &channel->memories[slot]);
    if (status.ok()) continue;
    for (auto& done : channels_) {
      if (done->memories.size() <= slot) continue;
      if (done->memories[slot] != nullptr) done->comm->deregister_memory(done->memories[slot]);
      done->memories.resize(slot);
    }
    return std::move(status).on_lane(channel->id, channel->device);
  }
  registrations_.push_back(registration);
  *number = slot + 1;
  return {};
}

Status ChannelManager::deregister_memory(uint64_t number) {
  if (number == 0 || number > registrations_.size() || !registrations_[number - 1].live) {
    return {HAWSER_INVALID_ARGUMENT, "no memory is registered under number " + std::to_string(number)};
  }
  registrations_[number - 1].live = false;
  for (auto& channel : channels_) {
    Memory*& memory = channel->memories[number - 1];
    if (memory != nullptr && channel->comm != nullptr) channel->comm->deregister_memory(memory);
    memory = nullptr;
  }
  return {};
}

Status ChannelManager::register_again(Channel& channel) {
  channel.memories.assign(registrations_.size(), nullptr);
  for (size_t i = 0; i < registrations_.size(); ++i) {
    if (!registrations_[i].live) continue;
    if (Status status = register_with(*channel.comm, registrations_[i], &channel.memories[i]); !status.ok()) {
      return std::move(status).on_lane(channel.id, channel.device);
    }
  }
  return {};
}

uint64_t ChannelManager::strangers() const {
  uint64_t sum = 0;
  for (int i = 0; i < get_num_channels(); ++i) sum += strangers(i);
  return sum;
}

uint64_t ChannelManager::strangers(int index) const {
  const auto& listen_comm = channels_[static_cast<size_t>(index)]->listen_comm;
  return listen_comm == nullptr ? 0 : listen_comm->strangers();
}

int ChannelManager::speed_mbps(const Channel& channel) const {
  return transport_.devices()[static_cast<size_t>(channel.net_dev)].speed_mbps;
}

void ChannelManager::close_all() {
  for (auto& channel : channels_) {
    abandon(*channel);
    channel->comm.reset();
    channel->listen_comm.reset();
  }
}

}  // namespace hawser
