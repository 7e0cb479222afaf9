#include "port/semaphore.h"

#include "port/context.h"

namespace hawser::port {

namespace {

constexpr uint32_t kMagic = 0x53505748;  // "HWPS"

}  // namespace

Status Semaphore::open(std::shared_ptr<Connection> connection, std::unique_ptr<Semaphore>* out) {
  std::unique_ptr<Semaphore> semaphore(new Semaphore(std::move(connection)));
  Connection& on = *semaphore->connection_;
  Board& words = on.context().board();
  std::shared_ptr<Memory> memory;
  if (Status status = on.context().board_memory(on.transport(), &memory); !status.ok()) return status;
  if (Status status = words.take_word(&semaphore->word_); !status.ok()) return status;
  semaphore->tell(*memory, words.offset_of(semaphore->word_));
  on.add_waiter(semaphore->word_);
  *out = std::move(semaphore);
  return {};
}

Status Semaphore::open_on_device(std::shared_ptr<Connection> connection, std::unique_ptr<Semaphore>* out) {
  std::unique_ptr<Semaphore> semaphore(new Semaphore(std::move(connection)));
  Status status = semaphore->connection_->make_device_word(&semaphore->device_storage_, &semaphore->device_word_);
  if (!status.ok()) return status;
  semaphore->word_ = static_cast<hawser_port_word*>(semaphore->device_word_->address());
  semaphore->tell(*semaphore->device_word_, 0);
  *out = std::move(semaphore);
  return {};
}

void Semaphore::tell(const Memory& memory, uint64_t offset) {
  told_.put(kMagic);
  told_.put(offset);
  const std::vector<uint8_t>& told = memory.told();
  told_.put_block(told.data(), told.size());
}

Semaphore::~Semaphore() {
  if (word_ == nullptr || on_device()) return;
  connection_->remove_waiter(word_);
  connection_->context().board().give_word(word_);
}

Status Semaphore::find(Context& context, Reader told, Nanos deadline, Place* out) {
  const auto magic = told.get<uint32_t>();
  const auto offset = told.get<uint64_t>();
  const Reader board = told.get_block();
  if (!told.ok() || magic != kMagic) return {HAWSER_INVALID_ARGUMENT, "these are not the bytes of a semaphore"};
  std::shared_ptr<Memory> memory;
  if (Status status = Memory::import(context, board, deadline, &memory); !status.ok()) return status;
  const bool inside =
      memory->bytes() >= sizeof(hawser_port_word) && offset <= memory->bytes() - sizeof(hawser_port_word);
  if (!inside || offset % sizeof(hawser_port_word) != 0) {
    return {HAWSER_INVALID_ARGUMENT, "the peer's semaphore lies outside of its board"};
  }
  *out = {std::move(memory), offset};
  return {};
}

Status Semaphore::join(Reader peer, Nanos deadline) {
  Place place;
  if (Status status = find(connection_->context(), peer, deadline, &place); !status.ok()) return status;
  if (place.board->registration(connection_->peer_transport()) == nullptr) {
    return {HAWSER_INVALID_ARGUMENT, place.board->origin().name() + " made its semaphore on another transport than " +
                                         name_of(connection_->peer_transport())};
  }
  const std::scoped_lock lock(connection_->order());
  if (joined()) return {HAWSER_INVALID_ARGUMENT, "the semaphore is joined already"};
  peer_ = std::move(place);
  return {};
}

Status Semaphore::wait(uint64_t expected, Nanos deadline, Nanos spin) {
  if (on_device()) {
    return {HAWSER_INVALID_ARGUMENT, "the semaphore is in a device's memory: a kernel waits on it, not the host"};
  }
  if (connection_->await_signal(*word_, expected, deadline, spin)) return {};
  if (!connection_->open()) return connection_->error();
  return Status(HAWSER_TIMEOUT, "signal " + std::to_string(expected) + " of " + connection_->peer_name() +
                                    " did not come in time; " + std::to_string(load_word(*word_)) + " came")
      .of_rank(connection_->peer_rank());
}

}  // namespace hawser::port
