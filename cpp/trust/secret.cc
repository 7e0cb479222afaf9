#include "trust/secret.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/unique_fd.h"

namespace hawser {

namespace {

constexpr off_t kMostBytes = 1024 * 1024;

Status check_readers(const struct stat& file, const std::string& name) {
  const bool own = file.st_uid == geteuid();
  const mode_t open_to = file.st_mode & (own ? S_IRWXG | S_IRWXO : S_IRWXO);
  if (open_to == 0) return {};
  return {HAWSER_INVALID_ARGUMENT,
          name + " can be read or written by others: close it with chmod " + (own ? "600" : "o-rwx")};
}

}  // namespace

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

Status Secret::allocate(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t mapped = (bytes / page + 1) * page;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Status::from_errno(HAWSER_OUT_OF_MEMORY, "cannot map memory for a secret");
  // A small limit on locked memory does not stop anyone: the rest holds all the same.
  (void)mlock(memory, mapped);
  madvise(memory, mapped, MADV_DONTDUMP);
  wipe();
  data_ = static_cast<unsigned char*>(memory);
  size_ = bytes;
  mapped_ = mapped;
  return {};
}

void Secret::wipe() {
  if (data_ == nullptr) return;
  explicit_bzero(data_, mapped_);
  munmap(data_, mapped_);
  data_ = nullptr;
  size_ = mapped_ = 0;
}

Status Secret::copy(std::string_view bytes, Secret* out) {
  Secret made;
  if (Status status = made.allocate(bytes.size()); !status.ok()) return status;
  std::memcpy(made.data_, bytes.data(), bytes.size());
  *out = std::move(made);
  return {};
}

Status Secret::read(const std::string& path, const std::string& what, Readers readers, Secret* out) {
  const std::string name = "the " + what + " " + path;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return Status::from_errno(HAWSER_IO, name + " cannot be read");
  struct stat file {};
  if (fstat(fd.get(), &file) != 0) return Status::from_errno(HAWSER_IO, name + " cannot be read");
  if (!S_ISREG(file.st_mode)) return {HAWSER_INVALID_ARGUMENT, name + " is no file"};
  if (file.st_size > kMostBytes)
    return {HAWSER_INVALID_ARGUMENT, name + " is longer than 1 MiB: is it the right file?"};
  if (readers == Readers::kOwner) {
    if (Status status = check_readers(file, name); !status.ok()) return status;
  }
  Secret made;
  if (Status status = made.allocate(static_cast<size_t>(file.st_size)); !status.ok()) return status;
  size_t got = 0;
  while (got < made.size_) {
    const ssize_t count = ::read(fd.get(), made.data_ + got, made.size_ - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Status::from_errno(HAWSER_IO, name + " cannot be read");
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  made.size_ = got;
  *out = std::move(made);
  return {};
}

std::string_view Secret::first_line() const {
  const std::string_view all(reinterpret_cast<const char*>(data_), size_);
  return all.substr(0, all.find_first_of("\r\n"));
}

}  // namespace hawser
