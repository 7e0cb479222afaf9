// The lanes of one link as the transport sees them: N channels in the order of the chosen devices, each with its
// listener or connector, its comm, its registrations and its window. Seed 004's module of that name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lane/handshake.h"
#include "lane/sliding_window.h"
#include "net/transport.h"

namespace hawser {

struct Channel {
  int id = 0;
  int net_dev = 0;
  std::string device;
  std::string peer_device;
  Handle handle{};
  std::unique_ptr<ListenComm> listen_comm;  // on the end that listens, as long as the link lives
  std::unique_ptr<Connector> connector;     // on the end that connects, while it does
  std::unique_ptr<Handshake> handshake;     // a comm on its way to being live
  std::unique_ptr<Comm> comm;
  uint32_t incarnation = 0;  // times this lane was connected
  SlidingWindow window;
  std::vector<Memory*> memories;  // by registration number - 1; null where the comm needs none, or does not take it

  Memory* memory(uint64_t number) const {
    return number == 0 || number > memories.size() ? nullptr : memories[number - 1];
  }
};

class ChannelManager {
 public:
  // One channel for each entry of `net_devs`, an index into transport.devices(). `hello` is what this end tells on each
  // of them.
  ChannelManager(Transport& transport, const std::vector<int>& net_devs, const wire::Hello& hello);

  int get_num_channels() const { return static_cast<int>(channels_.size()); }
  Channel& get_channel(int index) { return *channels_[static_cast<size_t>(index)]; }
  // Round-robin: chunk % channels.
  Channel& get_channel_for_chunk(uint64_t chunk) { return *channels_[chunk % channels_.size()]; }

  // Listens on every channel's device; `handles` get one each, in order. On error nothing listens any more.
  Status server_listen_all(std::vector<Handle>* handles);
  // Takes what has arrived, without waiting; a connector whose lane failed on the way may come again. `*complete` once
  // every lane that the connector wants is there and has said hello.
  Status accept_some(bool* complete);

  // Connects channel i to handles[pairing[i]], all at once, and says hello, until `deadline`: a lane that fails on the
  // way is tried again, one that the listener refuses is not.
  Status client_connect_all(const std::vector<Handle>& handles, Nanos deadline);

  // Either end, one lane: a step towards a live comm, never waiting. *live once both ends have said hello on a new
  // comm.
  Status step(Channel& channel, bool* live);
  // The listening end: whether a connector has come (again); step() takes it from there.
  bool knock(Channel& channel);
  // Abandons a connection in the making.
  void abandon(Channel& channel);

  Nanos attempt_limit() const { return transport_.attempt_limit(); }
  // Registers with every live channel, or with none. `*number` (from 1) names the registration on all of them. A GPU's
  // memory is also registered where a comm does not take it: that channel has null for it, and its lane stages.
  Status register_memory(void* address, size_t bytes, int kind, uint64_t* number);
  Status deregister_memory(uint64_t number);
  // After a lane has come back: all registrations on its new comm.
  Status register_again(Channel& channel);

  // Drops the channels that the connector did not want; they are the last ones or lie between (by mask).
  void keep(uint32_t mask);
  const wire::Hello& peer() const { return peer_; }
  // Connections refused so far, on all lanes or on one.
  uint64_t strangers() const;
  uint64_t strangers(int index) const;
  int speed_mbps(const Channel& channel) const;
  void close_all();

 private:
  struct Registration {
    void* address = nullptr;
    size_t bytes = 0;
    int kind = 0;
    bool live = false;
  };

  Status start(Channel& channel);
  // The newest comer counts, also while there is an older one.
  Status accept_lane(Channel& channel, bool* live);
  Status connect_lanes(Nanos deadline);
  static Status register_with(Comm& comm, const Registration& what, Memory** out);

  Transport& transport_;
  wire::Hello hello_;
  wire::Hello peer_{};
  bool listens_ = false;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<Registration> registrations_;
};

// Which of `handles` each of `devices` connects to: the unused handle whose device has the same name, else the next
// unused one. As many as the shorter of both.
std::vector<int> pair_lanes(const std::vector<std::string>& devices, const std::vector<Handle>& handles);

}  // namespace hawser
