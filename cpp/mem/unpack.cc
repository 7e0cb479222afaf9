#include "mem/unpack.h"

#include <ctime>

#include "base/ranges.h"

namespace hawser {

namespace {

// Between two looks at what is under way.
constexpr Nanos kLook = 20 * kMicrosecond;

}  // namespace

Status Unpacker::open(uint32_t executor, int device, uint32_t threads, std::unique_ptr<Unpacker>* out) {
  switch (executor) {
    case HAWSER_UNPACK_HOST:
      return make_host_unpacker(threads, out);
    case HAWSER_UNPACK_COPY:
    case HAWSER_UNPACK_KERNEL:
      return make_cuda_unpacker(executor, device, out);
    default:
      return {HAWSER_INVALID_ARGUMENT, "there is no executor " + std::to_string(executor) + " for unpacking"};
  }
}

Status Unpacker::start(const hawser_unpack_batch& batch, Nanos deadline, uint64_t* ticket) {
  const ranges::Range range("unpack", ranges::maybe_on() ? bytes_of(batch) : 0);
  Status status = check_.check(batch);
  return status.ok() ? execute(batch, deadline, ticket) : status;
}

Status Unpacker::wait(uint64_t ticket, Nanos deadline) {
  for (;;) {
    bool done = false;
    if (Status status = completed(ticket, &done); !status.ok() || done) return status;
    if (now() >= deadline) return {HAWSER_TIMEOUT, "an unpack did not complete in time"};
    const timespec look{0, kLook};
    nanosleep(&look, nullptr);
  }
}

}  // namespace hawser
