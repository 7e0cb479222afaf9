// Text into the fixed fields of the C ABI and the wire.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace hawser {

// Cuts what does not fit and fills the rest with zeros: no byte of the field is left as it was.
template <size_t N>
void copy_text(char (&out)[N], std::string_view text) {
  const size_t length = std::min(text.size(), N - 1);
  text.copy(out, length);  // of an empty text, too, which has no address
  std::memset(out + length, 0, N - length);
}

// A field's text: up to its first zero, or all of it.
template <size_t N>
std::string bounded_text(const char (&field)[N]) {
  return {field, strnlen(field, N)};
}

}  // namespace hawser
