// Text that is written as JSON.
#pragma once

#include <string>
#include <string_view>

namespace hawser {

// In quotes, with everything escaped that must be. Bytes that are not of ASCII become '?': what drivers and plugins say
// of themselves need not be UTF-8.
inline std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') out += '\\';
    if (code >= 0x20 && code < 0x7f) {
      out += byte;
    } else {
      out += code == '\n' || code == '\t' ? ' ' : '?';
    }
  }
  return out + '"';
}

}  // namespace hawser
