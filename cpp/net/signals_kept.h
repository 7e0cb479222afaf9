// What loading a stranger's library may do to the process, undone.
#pragma once

#include <csignal>

namespace hawser {

// The libraries of some NICs take the process's signals when they are loaded, and the provider shm when it opens an
// endpoint. Those belong to the process: a Java machine that lost SIGSEGV would die of its next null check. While one
// of these lives they may be taken; its end puts them back.
class SignalsKept {
 public:
  SignalsKept();
  ~SignalsKept();
  SignalsKept(const SignalsKept&) = delete;
  SignalsKept& operator=(const SignalsKept&) = delete;

 private:
  static constexpr int kSignals = 32;
  bool known_[kSignals]{};
  struct sigaction before_[kSignals] {};
};

}  // namespace hawser
