// What endpoints, memories and semaphores of ports tell each other by the caller's own means: bytes that a peer made.
// Input: a byte of what they are, then the bytes. `host` is never this machine's: nothing is knocked at.
#include "fuzz/target.h"
#include "port/context.h"
#include "port/endpoint.h"
#include "port/semaphore.h"

namespace hawser::fuzz {
namespace {

using port::Context;
using port::Memory;
using port::Origin;
using port::Reader;
using port::Semaphore;
using port::Writer;

enum What : uint8_t { kMemory, kSemaphore, kOrigin, kWhats };

Context& context() {
  static auto* const opened = [] {
    auto* made = new Context;
    hawser_port_config config{};
    config.struct_size = sizeof(config);
    config.rank = 0;
    config.lanes.struct_size = sizeof(config.lanes);
    std::strcpy(config.address, "127.0.0.1");
    require(made->open(config).ok(), "a context opens");
    return made;
  }();
  return *opened;
}

void import_memory(Reader told) {
  std::shared_ptr<Memory> memory;
  if (!Memory::import(context(), told, now(), &memory).ok()) return;
  require(!memory->local() && memory->address() == nullptr, "a peer's memory has no address here");
  require(memory->name().size() < 100'000, "a name is bounded by what was told");
}

void read_origin(Reader told) {
  const Origin origin = Origin::read(told);
  const Reader part = told.get_block();
  (void)origin.name();
  if (told.ok()) require(part.left() <= 100'000, "a block lies inside what was told");
}

void find_word(Reader told) {
  Semaphore::Place place;
  if (!Semaphore::find(context(), told, now(), &place).ok()) return;
  require(place.board->bytes() >= sizeof(hawser_port_word), "a word has room on its board");
  require(place.offset <= place.board->bytes() - sizeof(hawser_port_word), "a word lies on its board");
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  const auto what = input.get<uint8_t>() % kWhats;
  const auto bytes = input.block(input.left());
  const Reader told(bytes.data(), bytes.size());
  if (what == kMemory) import_memory(told);
  if (what == kSemaphore) find_word(told);
  if (what == kOrigin) read_origin(told);
}

// As a process on another machine would have told it.
Origin elsewhere() {
  Origin origin;
  origin.rank = 1;
  origin.host = "elsewhere net:[1]";
  origin.process = "pid:[1] 7";
  origin.door = "hawser-0123456789abcdef";
  origin.address = "192.0.2.1";
  origin.port = 4711;
  return origin;
}

std::vector<uint8_t> told_elsewhere(const Memory& memory, uint64_t bytes) {
  const std::vector<uint8_t>& told = memory.told();
  Reader reader(told.data(), told.size());
  Writer again;
  again.put(reader.get<uint32_t>());
  again.put(reader.get<uint16_t>());
  (void)Origin::read(reader);
  elsewhere().write(again);
  again.put(reader.get<uint64_t>());
  (void)reader.get<uint64_t>();
  again.put(bytes);
  std::vector<uint8_t> told_again = again.bytes();
  const std::span<const uint8_t> rest = reader.rest();
  told_again.insert(told_again.end(), rest.begin(), rest.end());
  return told_again;
}

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  const auto add = [&](const std::string& name, uint8_t what, const std::vector<uint8_t>& bytes) {
    all.push_back({name, Script().put(what).put_bytes(bytes.data(), bytes.size()).bytes()});
  };
  std::shared_ptr<SharedMemory> shared;
  require(SharedMemory::allocate(4096, &shared).ok(), "there is shared memory");
  for (const uint32_t transport : {uint32_t{HAWSER_PORT_MEMORY}, uint32_t{HAWSER_PORT_TCP}}) {
    std::shared_ptr<Memory> own;
    const Status made =
        Memory::register_local(context(), shared->data(), shared->size(), HAWSER_MEMORY_HOST, 1u << transport, &own);
    require(made.ok(), "a memory is registered");
    const std::string suffix = std::to_string(transport);
    for (const uint64_t bytes : {uint64_t{4096}, uint64_t{8}}) {
      const std::vector<uint8_t> told = told_elsewhere(*own, bytes);
      Writer semaphore;
      semaphore.put(uint32_t{0x53505748});  // as Semaphore::tell
      semaphore.put(uint64_t{64});
      semaphore.put_block(told.data(), told.size());
      if (bytes == 4096) add("memory-" + suffix, kMemory, told);
      add((bytes == 4096 ? "semaphore-" : "semaphore-beyond-its-board-") + suffix, kSemaphore, semaphore.bytes());
    }
  }
  Writer origin;
  elsewhere().write(origin);
  origin.put_text("behind it");
  add("origin", kOrigin, origin.bytes());
  return all;
}

const Registered registered({"port_told", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
