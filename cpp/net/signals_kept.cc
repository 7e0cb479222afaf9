#include "net/signals_kept.h"

namespace hawser {

SignalsKept::SignalsKept() {
  for (int number = 1; number < kSignals; ++number) known_[number] = sigaction(number, nullptr, &before_[number]) == 0;
}

SignalsKept::~SignalsKept() {
  for (int number = 1; number < kSignals; ++number) {
    struct sigaction after {};
    if (!known_[number] || sigaction(number, nullptr, &after) != 0) continue;
    if (after.sa_sigaction != before_[number].sa_sigaction) sigaction(number, &before_[number], nullptr);
  }
}

}  // namespace hawser
