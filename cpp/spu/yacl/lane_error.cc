#include "spu/yacl/lane_error.h"

#include "yacl/base/exception.h"

namespace hawser {

void raise(int32_t code, const std::string& text) {
  switch (code) {
    case HAWSER_CLOSED:
      throw ::yacl::LinkAborted(text);
    case HAWSER_TIMEOUT:
      throw ::yacl::IoError(text);
    case HAWSER_INVALID_ARGUMENT:
      throw ::yacl::ArgumentError(text);
    default:
      throw ::yacl::LinkError(text, code);
  }
}

void raise(const hawser_error& error, const std::string& what) { raise(error.code, what + ": " + error.text); }

}  // namespace hawser
