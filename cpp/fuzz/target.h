// What a fuzz target is: a function that is given bytes as a peer could send them, and must neither crash nor break the
// promises that it checks. One file a target; all of them are in one executable, which runs one: libFuzzer's, where
// clang builds it (scripts/fuzz), and one that replays the corpora, with the unit tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace hawser::fuzz {

using Run = void (*)(const uint8_t* data, size_t size);
// A message of a peer as the code under test writes it, to start from: a file's name in the corpus, and its bytes.
struct Seed {
  std::string name;
  std::vector<uint8_t> bytes;
};
using Seeds = std::vector<Seed> (*)();

struct Target {
  const char* name;
  Run run;
  Seeds seeds;
};

// All of this executable, by name.
std::vector<Target>& targets();
// Ends the program when there is no such target, and says which there are.
const Target& find_target(const std::string& name);

struct Registered {
  explicit Registered(const Target& target) { targets().push_back(target); }
};

// A promise that holds for whatever a peer sends.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %s\n", promise);
  std::abort();
}

// Reads an input as a script: what it lacks at its end is zeros.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : at_(data), left_(size) {}

  bool empty() const { return left_ == 0; }
  size_t left() const { return left_; }
  const uint8_t* data() const { return at_; }

  template <typename Value>
  Value get() {
    Value value{};
    fill(&value, sizeof(value));
    return value;
  }
  // As many bytes as there are, up to `size`; the rest stays as it is.
  size_t fill(void* out, size_t size) {
    const size_t count = size < left_ ? size : left_;
    if (count != 0) std::memcpy(out, at_, count);
    at_ += count;
    left_ -= count;
    return count;
  }
  // A block of its own on the heap, so that a sanitizer sees each byte read behind its end.
  std::vector<uint8_t> block(size_t size) {
    std::vector<uint8_t> bytes(size < left_ ? size : left_);
    fill(bytes.data(), bytes.size());
    return bytes;
  }

 private:
  const uint8_t* at_;
  size_t left_;
};

// Writes such a script.
class Script {
 public:
  template <typename Value>
  Script& put(const Value& value) {
    return put_bytes(&value, sizeof(value));
  }
  Script& put_bytes(const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    return *this;
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace hawser::fuzz
