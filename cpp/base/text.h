// Text into the fixed fields of the C ABI and the wire.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace hawser {

// Cuts what does not fit and fills the rest with zeros: no byte of the field is left as it was.
template <size_t N>
void copy_text(char (&out)[N], std::string_view text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(out, text.data(), length);
  std::memset(out + length, 0, N - length);
}

}  // namespace hawser
