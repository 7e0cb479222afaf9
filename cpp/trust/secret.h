// Bytes that nobody else is to see: in memory that is not swapped out (where ulimit -l permits), left out of core
// dumps, and wiped at the end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace hawser {

class Secret {
 public:
  Secret() = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  static Status copy(std::string_view bytes, Secret* out);
  enum class Readers { kAnyone, kOwner };
  // A file. kOwner: it must be closed to others, and to the group where this user owns it. `what` names it in errors,
  // which never tell what is in it.
  static Status read(const std::string& path, const std::string& what, Readers readers, Secret* out);

  const unsigned char* data() const { return data_; }
  size_t size() const { return size_; }
  // Up to the first line's end, without it.
  std::string_view first_line() const;

 private:
  Status allocate(size_t bytes);
  void wipe();

  unsigned char* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_ = 0;
};

}  // namespace hawser
