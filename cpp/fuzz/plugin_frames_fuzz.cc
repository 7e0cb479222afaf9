// A lane over a network plugin: frames of a peer, and what goes apart from them. Input: a byte that says how messages
// are received, then messages of the plugin: a byte of which comm, a length, the bytes.
#include <deque>

#include "fuzz/target.h"
#include "net/plugin/inbound.h"

namespace hawser::fuzz {
namespace {

constexpr size_t kReceives = 6;
constexpr size_t kSegment = 256;
constexpr size_t kCapacities[] = {0, 8, 1000, 100'000};

// A plugin that has received all that its peer will ever send, on two comms.
class ScriptedNet : public PluginNet {
 public:
  struct Comm {
    std::deque<std::vector<uint8_t>> said;
  };
  Comm frames;
  Comm payloads;

  int version() const override { return 8; }
  const char* name() const override { return "script"; }
  const char* missing() const override { return ""; }
  nccl::Result init(nccl::Logger) override { return nccl::kSuccess; }
  nccl::Result devices(int*) override { return nccl::kSuccess; }
  nccl::Result properties(int, PluginDevice*) override { return nccl::kSuccess; }
  nccl::Result listen(int, void*, void**) override { return nccl::kInvalidUsage; }
  nccl::Result connect(int, void*, void**) override { return nccl::kInvalidUsage; }
  nccl::Result accept(void*, void**, nccl::NetDeviceHandle*) override { return nccl::kInvalidUsage; }
  nccl::Result reg_mr(void*, void*, size_t, int, void**) override { return nccl::kSuccess; }
  nccl::Result reg_mr_dma_buf(void*, void*, size_t, uint64_t, int, void**) override { return nccl::kInvalidUsage; }
  nccl::Result dereg_mr(void*, void*) override { return nccl::kSuccess; }
  size_t max_registration() const override { return SIZE_MAX; }
  nccl::Result isend(void*, void*, size_t, void*, void**) override { return nccl::kInvalidUsage; }
  nccl::Result irecv(void* comm, void* data, size_t bytes, void*, void** request) override {
    *request = &requests_.emplace_back(Request{static_cast<Comm*>(comm), data, bytes});
    return nccl::kSuccess;
  }
  nccl::Result test(void* request, int* done, int* bytes) override {
    const Request& asked = *static_cast<Request*>(request);
    if (asked.comm->said.empty()) return nccl::kSuccess;
    const std::vector<uint8_t> message = std::move(asked.comm->said.front());
    asked.comm->said.pop_front();
    if (message.size() > asked.bytes) return nccl::kInternalError;
    if (!message.empty()) std::memcpy(asked.data, message.data(), message.size());
    *done = 1;
    *bytes = static_cast<int>(message.size());
    return nccl::kSuccess;
  }
  nccl::Result iflush(void*, void*, size_t, void*, void**) override { return nccl::kSuccess; }
  nccl::Result irecv_consumed(void*, void*) override { return nccl::kSuccess; }
  nccl::Result close_send(void*) override { return nccl::kSuccess; }
  nccl::Result close_receive(void*) override { return nccl::kSuccess; }
  nccl::Result close_listen(void*) override { return nccl::kSuccess; }

 private:
  struct Request {
    Comm* comm;
    void* data;
    size_t bytes;
  };
  std::deque<Request> requests_;
};

struct Expected {
  std::vector<uint8_t> data;
  hawser::Request* request = nullptr;
};

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  const auto way = input.get<uint8_t>();
  auto net = std::make_shared<ScriptedNet>();
  while (!input.empty()) {
    ScriptedNet::Comm& comm = (input.get<uint8_t>() & 1) == 0 ? net->frames : net->payloads;
    comm.said.push_back(input.block(input.get<uint16_t>()));
  }
  PluginPipe frames(net, &net->frames, PluginPipe::Direction::kReceive, 8);
  PluginPipe payloads(net, &net->payloads, PluginPipe::Direction::kReceive, 8);
  PluginInbound inbound(frames, payloads, kSegment);
  require(inbound.initialise().ok(), "there is memory for frames");

  std::vector<Expected> expected(kReceives);
  Status status;
  bool moved = true;
  size_t posted = 0;
  for (size_t rounds = 0; status.ok() && (moved || posted < kReceives); ++rounds) {
    require(rounds < size + 64, "what has come is taken in bounded time");
    if (posted < kReceives) {
      Expected& one = expected[posted++];
      one.data.resize(kCapacities[way >> 1 & 3]);
      status = inbound.irecv(one.data.data(), one.data.size(), nullptr, &one.request);
    }
    moved = false;
    if (status.ok()) status = inbound.progress(&moved);
    if ((way & 1) != 0 && rounds == 1 && expected[0].request != nullptr) {
      (void)inbound.detach(static_cast<PluginRequest*>(expected[0].request));
    }
    for (Expected& one : expected) {
      size_t bytes = 0;
      if (one.request == nullptr || !inbound.test(static_cast<PluginRequest*>(one.request), &bytes)) continue;
      require(bytes <= one.data.size(), "no message is longer than its receive");
      one.request = nullptr;
    }
  }
  inbound.release();
}

struct Entry {
  uint32_t bytes;
  uint32_t apart;
};

Script frame(uint32_t sequence, const std::vector<Entry>& entries) {
  Script body;
  for (const Entry& entry : entries) body.put(PluginEntryWire{entry.bytes, entry.apart});
  for (const Entry& entry : entries) {
    if (entry.apart == 0)
      body.put_bytes(std::vector<uint8_t>(padded_to_8(entry.bytes)).data(), padded_to_8(entry.bytes));
  }
  const auto bytes = static_cast<uint32_t>(sizeof(PluginFrameWire) + body.bytes().size());
  Script message;
  message.put(uint8_t{0}).put(static_cast<uint16_t>(bytes));
  message.put(PluginFrameWire{kPluginFrameMagic, sequence, bytes, static_cast<uint32_t>(entries.size())});
  return message.put_bytes(body.bytes().data(), body.bytes().size());
}

std::vector<Seed> seeds() {
  const auto apart = [](uint16_t bytes) {
    return Script().put(uint8_t{1}).put(bytes).put_bytes(std::vector<uint8_t>(bytes).data(), bytes);
  };
  const auto all = [](uint8_t way, const std::vector<Script>& messages) {
    Script script;
    script.put(way);
    for (const Script& one : messages) script.put_bytes(one.bytes().data(), one.bytes().size());
    return script.bytes();
  };
  return {{"inside", all(4, {frame(0, {{5, 0}, {0, 0}, {100, 0}})})},
          {"two-frames", all(4, {frame(0, {{5, 0}}), frame(1, {{9, 0}})})},
          {"apart", all(4, {frame(0, {{300, 1}, {8, 0}}), apart(256), apart(44)})},
          {"detached", all(5, {frame(0, {{600, 1}}), apart(256), apart(256), apart(88)})},
          {"longer", all(2, {frame(0, {{64, 0}})})}};
}

const Registered registered({"plugin_frames", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
