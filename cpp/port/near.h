// Memories of processes on one host, as these see each other's: mapped by descriptor, and alive while a cell of their
// process's board says so. What the transports within a machine build on.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "mem/shared_memory.h"
#include "port/board.h"
#include "port/memory.h"

namespace hawser::port {

// What of a memory is told.
struct NearPlace {
  uint64_t shared = 0;  // the number of the SharedMemory that it lies in; 0: in none, its life alone is told
  uint64_t shared_bytes = 0;
  uint64_t offset = 0;  // in it
  uint64_t board = 0;   // the number of the board's SharedMemory
  uint64_t board_bytes = 0;
  uint64_t life = 0;  // the cell's offset on the board
};

// A memory of this process.
class NearOwn : public Registration {
 public:
  NearOwn(Board& board, std::shared_ptr<SharedMemory> shared, uint64_t life)
      : board_(board), shared_(std::move(shared)), life_(life) {}
  ~NearOwn() override { NearOwn::end(); }
  // A copy that a peer has begun may still write: the memory itself stays until its owner unmaps it.
  void end() override {
    if (std::exchange(lives_, false)) board_.end_life(life_);
  }
  const std::shared_ptr<SharedMemory>& shared() const { return shared_; }  // null: it lies in none

 private:
  Board& board_;
  std::shared_ptr<SharedMemory> shared_;
  uint64_t life_;
  bool lives_ = true;
};

// A peer's.
class NearPeer : public Registration {
 public:
  NearPeer(std::shared_ptr<SharedMemory> shared, std::shared_ptr<SharedMemory> board, const NearPlace& place,
           uint64_t number)
      : shared_(std::move(shared)),
        board_(std::move(board)),
        data_(shared_ == nullptr ? nullptr : shared_->data() + place.offset),
        board_data_(board_->data()),
        life_(place.life),
        number_(number) {}
  const std::shared_ptr<SharedMemory>& shared() const { return shared_; }  // null: it lies in none
  unsigned char* data() const { return data_; }
  bool lives() const { return Board::lives(board_data_, life_, number_); }

 private:
  std::shared_ptr<SharedMemory> shared_;
  std::shared_ptr<SharedMemory> board_;
  // Read with every put: not by way of the two above.
  unsigned char* const data_;
  const unsigned char* const board_data_;
  const uint64_t life_;
  const uint64_t number_;
};

// Any thread may call.
class NearMemories {
 public:
  explicit NearMemories(Context& context) : context_(context) {}

  // A memory of this process that lies in `shared`, or, when that is null, in none.
  Status tell(const Memory& memory, std::shared_ptr<SharedMemory> shared, NearPlace* place,
              std::unique_ptr<NearOwn>* out);
  // A peer's. Null without an error when the peer is on another machine.
  Status import(const Memory& memory, const NearPlace& place, Nanos deadline, std::unique_ptr<NearPeer>* out);

 private:
  Status map(const Origin& origin, uint64_t number, uint64_t bytes, Nanos deadline, std::shared_ptr<SharedMemory>* out);

  Context& context_;
  std::mutex mutex_;
  std::map<std::pair<std::array<uint8_t, 16>, uint64_t>, std::weak_ptr<SharedMemory>> mapped_;
};

}  // namespace hawser::port
