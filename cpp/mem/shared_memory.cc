#include "mem/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <iterator>
#include <map>
#include <mutex>

namespace hawser {

namespace {

// The allocations of this process by their first address.
struct Allocation {
  size_t bytes;
  uint64_t number;
  std::weak_ptr<SharedMemory> memory;
  std::shared_ptr<SharedMemory> held;
};
struct Allocations {
  std::mutex mutex;
  std::map<const unsigned char*, Allocation> by_address;
};

// Never destroyed: memory may be freed while the process ends.
Allocations& allocations() {
  static auto* const all = new Allocations;
  return *all;
}

Status map_fd(int fd, size_t bytes, unsigned char** out) {
  void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) {
    return Status::from_errno(HAWSER_OUT_OF_MEMORY, "cannot map " + std::to_string(bytes) + " bytes of shared memory");
  }
  *out = static_cast<unsigned char*>(address);
  return {};
}

}  // namespace

Status SharedMemory::allocate(size_t bytes, std::shared_ptr<SharedMemory>* out) {
  static std::atomic<uint64_t> numbers{1};
  if (bytes == 0) return {HAWSER_INVALID_ARGUMENT, "shared memory has 1 byte or more"};
  // Sealed in its size: a process that has the descriptor cannot shrink it under the others.
  UniqueFd fd(memfd_create("hawser", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto failed = [&] {
    return Status::from_errno(HAWSER_OUT_OF_MEMORY,
                              "cannot allocate " + std::to_string(bytes) + " bytes of shared memory");
  };
  if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return failed();
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return failed();
  unsigned char* data = nullptr;
  if (Status status = map_fd(fd.get(), bytes, &data); !status.ok()) return status;
  out->reset(new SharedMemory(std::move(fd), data, bytes, numbers.fetch_add(1, std::memory_order_relaxed)));
  const std::scoped_lock lock(allocations().mutex);
  allocations().by_address[data] = {bytes, (*out)->number(), *out, nullptr};
  return {};
}

Status SharedMemory::map(UniqueFd fd, size_t bytes, std::shared_ptr<SharedMemory>* out) {
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return Status::from_errno(HAWSER_IO, "cannot look at a peer's shared memory");
  // Behind its end a mapping has no memory: an access would end the process.
  if (bytes == 0 || static_cast<uint64_t>(found.st_size) < bytes) {
    return {HAWSER_REFUSED, "a peer's shared memory has " + std::to_string(found.st_size) + " bytes, not the " +
                                std::to_string(bytes) + " that it told"};
  }
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return {HAWSER_REFUSED, "a peer's shared memory could shrink"};
  unsigned char* data = nullptr;
  if (Status status = map_fd(fd.get(), bytes, &data); !status.ok()) return status;
  out->reset(new SharedMemory(std::move(fd), data, bytes, 0));
  return {};
}

// A found owner must not end under the lock, which its destructor takes: whoever calls lets it go.
std::shared_ptr<SharedMemory> SharedMemory::find(const void* address, size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(address);
  const std::scoped_lock lock(allocations().mutex);
  const auto next = allocations().by_address.upper_bound(at);
  if (next == allocations().by_address.begin()) return nullptr;
  const auto& [first, allocation] = *std::prev(next);
  const auto offset = static_cast<size_t>(at - first);
  if (offset > allocation.bytes || bytes > allocation.bytes - offset) return nullptr;
  return allocation.memory.lock();
}

std::shared_ptr<SharedMemory> SharedMemory::by_number(uint64_t number) {
  const std::scoped_lock lock(allocations().mutex);
  for (const auto& [first, allocation] : allocations().by_address) {
    if (allocation.number == number) return allocation.memory.lock();
  }
  return nullptr;
}

void SharedMemory::hold(std::shared_ptr<SharedMemory> memory) {
  const std::scoped_lock lock(allocations().mutex);
  Allocation& allocation = allocations().by_address.at(memory->data());
  allocation.held = std::move(memory);
}

void SharedMemory::release(const void* address) {
  std::shared_ptr<SharedMemory> last;  // ends after the lock
  const std::scoped_lock lock(allocations().mutex);
  const auto found = allocations().by_address.find(static_cast<const unsigned char*>(address));
  if (found != allocations().by_address.end()) last.swap(found->second.held);
}

SharedMemory::~SharedMemory() {
  if (number_ != 0) {
    const std::scoped_lock lock(allocations().mutex);
    allocations().by_address.erase(data_);
  }
  munmap(data_, bytes_);
}

}  // namespace hawser
