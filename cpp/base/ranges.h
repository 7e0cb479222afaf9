// Names for what the library does when, for tools that read NVTX, such as nsys: in the domain "hawser". Without such a
// tool in the process each of them costs one load. Names have static storage and read alone: "chunk", not
// "send_chunk()".
#pragma once

#include <atomic>
#include <cstdint>

namespace hawser::ranges {

// 0 without a tool, 1 with one, -1 until someone has asked.
extern std::atomic<int8_t> tool;

// Where there is a tool, or nobody has asked yet. Relaxed: whoever finds -1 asks, and asking twice gives the same
// answer.
inline bool maybe_on() { return tool.load(std::memory_order_relaxed) != 0; }

bool push(const char* name, uint64_t bytes);
void pop();
uint64_t start(const char* name, uint64_t bytes);
void end(uint64_t span);

// What one thread does until the end of the scope, with the bytes that it is about.
class Range {
 public:
  explicit Range(const char* name, uint64_t bytes = 0) : pushed_(maybe_on() && push(name, bytes)) {}
  ~Range() {
    if (pushed_) pop();
  }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  const bool pushed_;
};

// What begins in one call and ends in another, of any thread: copied about as a number, 0 without a tool, and ended
// once.
class Span {
 public:
  Span() = default;
  static Span begin(const char* name, uint64_t bytes) { return Span(maybe_on() ? start(name, bytes) : 0); }
  void finish() const {
    if (number_ != 0) end(number_);
  }

 private:
  explicit Span(uint64_t number) : number_(number) {}
  uint64_t number_ = 0;
};

}  // namespace hawser::ranges
