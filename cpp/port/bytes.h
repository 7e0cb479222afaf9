// Reads and writes what endpoints, memories and semaphores tell each other: little-endian, bounded, no padding.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/status.h"

namespace hawser::port {

class Writer {
 public:
  template <typename Value>
  void put(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    append(&value, sizeof(value));
  }
  // Its length first.
  void put_block(const void* data, size_t bytes) {
    put(static_cast<uint32_t>(bytes));
    append(data, bytes);
  }
  void put_text(const std::string& text) { put_block(text.data(), text.size()); }
  void put_all(const Writer& other) { put_block(other.bytes_.data(), other.bytes_.size()); }

  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void append(const void* data, size_t bytes) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + bytes);
  }
  std::vector<uint8_t> bytes_;
};

// Of bytes that a peer sent: past the end it reads zeros and is broken from then on. Whoever reads asks ok() before it
// believes.
class Reader {
 public:
  Reader() = default;
  Reader(const void* data, size_t bytes) : at_(static_cast<const uint8_t*>(data)), left_(bytes) {}

  template <typename Value>
  Value get() {
    static_assert(std::is_trivially_copyable_v<Value>);
    Value value{};
    if (const uint8_t* from = take(sizeof(value))) std::memcpy(&value, from, sizeof(value));
    return value;
  }
  Reader get_block() {
    const uint32_t bytes = get<uint32_t>();
    const uint8_t* from = take(bytes);
    return from == nullptr ? Reader() : Reader(from, bytes);
  }
  std::string get_text() {
    const Reader block = get_block();
    return {reinterpret_cast<const char*>(block.at_), block.left_};
  }

  bool ok() const { return ok_; }
  std::span<const uint8_t> rest() const { return {at_, left_}; }
  size_t left() const { return left_; }

 private:
  const uint8_t* take(size_t bytes) {
    if (!ok_ || bytes > left_) {
      ok_ = false;
      return nullptr;
    }
    const uint8_t* from = at_;
    at_ += bytes;
    left_ -= bytes;
    return from;
  }
  const uint8_t* at_ = nullptr;
  size_t left_ = 0;
  bool ok_ = true;
};

}  // namespace hawser::port
