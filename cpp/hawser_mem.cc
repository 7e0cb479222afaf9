// The C ABI over memory and unpacking.
#include "hawser_mem.h"

#include "base/guarded.h"
#include "mem/unpack.h"

using hawser::after;
using hawser::guarded;
using hawser::Status;
using hawser::Unpacker;

struct hawser_unpacker {
  std::unique_ptr<Unpacker> unpacker;
};

int32_t hawser_unpacker_open(uint32_t executor, int32_t device, uint32_t threads, hawser_unpacker** out,
                             hawser_error* error) {
  return guarded(error, [&]() -> Status {
    auto made = std::make_unique<hawser_unpacker>();
    Status status = Unpacker::open(executor, device, threads, &made->unpacker);
    if (status.ok()) *out = made.release();
    return status;
  });
}

void hawser_unpacker_close(hawser_unpacker* unpacker) { delete unpacker; }

int32_t hawser_unpack_start(hawser_unpacker* unpacker, const hawser_unpack_batch* batch, int64_t timeout_ns,
                            uint64_t* ticket, hawser_error* error) {
  return guarded(error, [&] { return unpacker->unpacker->start(*batch, after(timeout_ns), ticket); });
}

int32_t hawser_unpack_completed(hawser_unpacker* unpacker, uint64_t ticket, hawser_error* error) {
  bool done = false;
  const int32_t code = guarded(error, [&] { return unpacker->unpacker->completed(ticket, &done); });
  return code == HAWSER_OK && done ? 1 : code;
}

int32_t hawser_unpack_wait(hawser_unpacker* unpacker, uint64_t ticket, int64_t timeout_ns, hawser_error* error) {
  return guarded(error, [&] { return unpacker->unpacker->wait(ticket, after(timeout_ns)); });
}

int32_t hawser_unpack_plain_copy(hawser_unpacker* unpacker, void* to, const void* from, uint64_t bytes,
                                 int64_t timeout_ns, uint64_t* ticket, hawser_error* error) {
  return guarded(error, [&] { return unpacker->unpacker->plain_copy(to, from, bytes, after(timeout_ns), ticket); });
}
