#include "port/near.h"

#include "port/context.h"

namespace hawser::port {

Status NearMemories::tell(const Memory& memory, std::shared_ptr<SharedMemory> shared, NearPlace* place,
                          std::unique_ptr<NearOwn>* out) {
  Board& board = context_.board();
  if (Status status = board.take_life(memory.number(), &place->life); !status.ok()) return status;
  if (shared != nullptr) {
    place->shared = shared->number();
    place->shared_bytes = shared->size();
    place->offset = static_cast<uint64_t>(static_cast<unsigned char*>(memory.address()) - shared->data());
  }
  place->board = board.memory().number();
  place->board_bytes = board.memory().size();
  *out = std::make_unique<NearOwn>(board, std::move(shared), place->life);
  return {};
}

Status NearMemories::import(const Memory& memory, const NearPlace& place, Nanos deadline,
                            std::unique_ptr<NearPeer>* out) {
  const bool inside =
      place.shared == 0 || (place.offset <= place.shared_bytes && memory.bytes() <= place.shared_bytes - place.offset);
  const bool alive = place.board_bytes >= sizeof(uint64_t) && place.life % sizeof(uint64_t) == 0 &&
                     place.life <= place.board_bytes - sizeof(uint64_t);
  if (!inside || !alive) return {HAWSER_INVALID_ARGUMENT, memory.name() + " contradicts itself"};
  // Of another machine: some other transport may reach it.
  if (!context_.doors().is_near(memory.origin())) return {};
  std::shared_ptr<SharedMemory> shared;
  std::shared_ptr<SharedMemory> board;
  Status status = map(memory.origin(), place.board, place.board_bytes, deadline, &board);
  if (status.ok() && place.shared != 0) {
    status = map(memory.origin(), place.shared, place.shared_bytes, deadline, &shared);
  }
  if (!status.ok()) return status;
  *out = std::make_unique<NearPeer>(std::move(shared), std::move(board), place, memory.number());
  return {};
}

// One mapping of a peer's shared memory serves all that is registered in it.
Status NearMemories::map(const Origin& origin, uint64_t number, uint64_t bytes, Nanos deadline,
                         std::shared_ptr<SharedMemory>* out) {
  if (context_.doors().is_here(origin)) {
    *out = SharedMemory::by_number(number);
    if (*out != nullptr && (*out)->size() >= bytes) return {};
    return {HAWSER_INVALID_ARGUMENT, "the memory was freed"};
  }
  const std::scoped_lock lock(mutex_);
  std::weak_ptr<SharedMemory>& known = mapped_[{origin.id, number}];
  *out = known.lock();
  if (*out != nullptr && (*out)->size() >= bytes) return {};
  UniqueFd fd;
  if (Status status = context_.doors().fetch(origin, number, deadline, &fd); !status.ok()) return status;
  if (Status status = SharedMemory::map(std::move(fd), bytes, out); !status.ok()) return status;
  known = *out;
  std::erase_if(mapped_, [](const auto& entry) { return entry.second.expired(); });
  return {};
}

}  // namespace hawser::port
