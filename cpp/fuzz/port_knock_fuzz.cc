// What comes in by the door of a ports' context: knocks of strangers, and of who knows its name. Input: a byte that
// says whether the context's own name is filled in, then what the visitor says before it leaves.
#include <sys/socket.h>

#include "fuzz/target.h"
#include "port/doors.h"
#include "port/knock.h"

namespace hawser::fuzz {
namespace {

using port::DoorAddress;
using port::Doors;
using port::kKnockMagic;
using port::kKnockVersion;
using port::Wish;

// Where the name of the context stands in a knock: behind magic, version and wish.
constexpr size_t kNameAt = 8;
// Accepted, read, and retired: a visitor that has left is gone after as many.
constexpr int kRounds = 8;

Doors& doors() {
  static auto* const opened = [] {
    auto* made = new Doors;
    require(made->open(0, "127.0.0.1", nullptr, Clear::kThisMachine).ok(), "doors open");
    return made;
  }();
  return *opened;
}

UniqueFd visitor() {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const DoorAddress address(doors().origin().door);
  require(fd.valid() && connect(fd.get(), address.get(), address.length) == 0, "a door lets visitors come");
  return fd;
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  const bool named = (input.get<uint8_t>() & 1) != 0;
  auto said = input.block(input.left());
  const auto& name = doors().origin().id;
  if (named && said.size() >= kNameAt + name.size()) std::copy(name.begin(), name.end(), said.begin() + kNameAt);
  const UniqueFd fd = visitor();
  if (!said.empty()) (void)!send(fd.get(), said.data(), said.size(), MSG_NOSIGNAL);
  shutdown(fd.get(), SHUT_WR);
  for (int round = 0; round < kRounds; ++round) doors().watches().wait(0);
  require(doors().dismiss() < 0, "nobody stays at the door who has left");
}

std::vector<Seed> seeds() {
  const auto knock = [](uint8_t named, Wish wish) {
    Script script;
    script.put(named).put(kKnockMagic).put(kKnockVersion).put(wish);
    script.put(doors().origin().id).put(doors().origin().id);
    return script.put(uint64_t{1}).put(uint64_t{2}).put(int32_t{1}).put(uint32_t{0}).bytes();
  };
  auto cut = knock(1, Wish::kJoin);
  cut.resize(cut.size() / 2);
  return {{"join", knock(1, Wish::kJoin)},
          {"descriptor", knock(1, Wish::kDescriptor)},
          {"stranger", knock(0, Wish::kDescriptor)},
          {"half", cut}};
}

const Registered registered({"port_knock", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
