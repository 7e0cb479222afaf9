// A lane over a network plugin: two comms of the plugin each way, one for frames and one for what goes apart from them.
// Plugins want to be asked for their messages in order: by one comm, nothing would be heard while a long one is under
// way.
//
// A plugin does not take a request back. detach() waits a moment for the network to be done with the buffer, and else
// closes the plugin's comms, which breaks this one.
#pragma once

#include <string>
#include <vector>

#include "net/plugin/inbound.h"
#include "net/plugin/outbound.h"

namespace hawser {

// What both ends agreed on, and what this one is called.
struct PluginTerms {
  size_t segment_bytes = 0;
  int pointer_kinds = nccl::kPointerHost;
  std::string local;
  std::string peer;
};

// The comms of the plugin both ways.
struct PluginPipes {
  std::unique_ptr<PluginPipe> send;
  std::unique_ptr<PluginPipe> receive;
};

class PluginComm : public Comm {
 public:
  PluginComm(PluginPipes frames, PluginPipes payloads, const PluginTerms& terms);
  // What was given to isend() is on its way when this returns, or never will be.
  ~PluginComm() override;
  Status initialise();

  Status isend(const void* data, size_t bytes, Memory* memory, Request** out) override;
  Status irecv(void* data, size_t bytes, Memory* memory, Request** out) override;
  bool test(Request* request, size_t* bytes) override;
  bool is_leaving(const Request* request) const override;
  Status progress(bool* moved) override;
  void detach(Request* request) override;
  bool writable() const override { return outbound_.writable(); }
  bool ready() const override { return look_; }
  void expect_input() override { look_ = true; }
  Status arm(Poller&) override { return {}; }
  bool needs_polling() const override { return true; }
  Status check_alive(Nanos silence) override;
  Status register_memory(void* address, size_t bytes, int kind, Memory** out) override;
  void deregister_memory(Memory* memory) override;
  std::string local_address() const override { return terms_.local; }
  std::string peer_address() const override { return terms_.peer; }
  int sockets() const override { return 0; }

 private:
  Status advance(bool* moved);
  void listen_on(bool* moved);
  bool give_back(PluginRequest* request);
  Status enroll(void* address, size_t bytes, PluginMemory* out);
  void withdraw(PluginMemory& memory);
  void close();

  PluginPipes frames_;
  PluginPipes payloads_;
  PluginTerms terms_;
  PluginOutbound outbound_;
  PluginInbound inbound_;
  std::vector<std::unique_ptr<PluginMemory>> memories_;
  Status end_;  // why nothing moves any more; broken once the peer's last words are heard
  Nanos ended_at_ = 0;
  Status broken_;
  bool look_ = true;
  bool open_ = true;
  uint64_t moves_ = 0;       // rounds of progress() in which something moved
  uint64_t moves_seen_ = 0;  // by check_alive
  Nanos last_check_ = 0;
  Nanos silent_since_ = 0;
};

}  // namespace hawser
