// The connection beside a connection of ports: what transports agree on at set-up, and a farewell.
#include "fuzz/target.h"
#include "fuzz/wire_pair.h"
#include "port/control.h"
#include "port/watches.h"

namespace hawser::fuzz {
namespace {

using port::Control;
using port::ControlListener;
using port::Origin;
using port::Watches;
using port::Writer;

struct Heard : ControlListener {
  void on_peer_gone(Status why) override {
    require(!why.ok(), "a farewell says why");
    ++ends;
  }
  void on_cut_off(Status) override { ++ends; }
  int ends = 0;
};

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  auto messages = input.get<uint8_t>() % 4;
  UniqueFd far;
  Origin peer;
  peer.rank = 1;
  SecureSocket socket(connection_that_says(input.data(), input.left(), &far));
  Control control(std::move(socket), peer, true);
  const size_t most = input.left();
  for (; messages > 0; --messages) {
    std::vector<uint8_t> message;
    const Status status = control.receive(&message, now() + kSecond);
    require(status.code() != HAWSER_TIMEOUT, "a connection that has ended is not waited for");
    if (!status.ok()) return;
    require(message.size() <= most, "a message is what was sent");
  }
  Watches watches;
  require(watches.open().ok(), "there is a poller");
  Heard heard;
  require(control.watch(watches, &heard).ok(), "a connection can be watched");
  for (int rounds = 0; heard.ends == 0 && rounds < 4; ++rounds) watches.wait(0);
  require(heard.ends == 1, "the end of a connection is told once");
  control.unwatch();
}

std::vector<Seed> seeds() {
  Writer farewell;
  farewell.put(int32_t{HAWSER_CLOSED});
  farewell.put_text("the peer closed");
  Writer framed;
  framed.put_all(farewell);
  Writer two;
  two.put_text("an agreement");
  two.put_all(farewell);
  const auto script = [](uint8_t messages, const Writer& said) {
    return Script().put(messages).put_bytes(said.bytes().data(), said.bytes().size()).bytes();
  };
  return {{"farewell", script(0, framed)}, {"agreement", script(1, two)}, {"silent", script(1, Writer())}};
}

const Registered registered({"port_control", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
