// Hawser's errors as yacl's exceptions.
#pragma once

#include <string>

#include "hawser.h"

namespace hawser {

// Why nothing more can be had from a peer, or from a communicator.
struct Failure {
  int32_t code = HAWSER_OK;
  std::string text;

  explicit operator bool() const { return code != HAWSER_OK; }
};

// HAWSER_CLOSED becomes yacl::LinkAborted, HAWSER_TIMEOUT yacl::IoError, HAWSER_INVALID_ARGUMENT yacl::ArgumentError,
// everything else a yacl::LinkError with the code.
[[noreturn]] void raise(int32_t code, const std::string& text);
[[noreturn]] void raise(const hawser_error& error, const std::string& what);

}  // namespace hawser
