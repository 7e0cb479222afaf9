// libFuzzer's entries. The environment names the target: HAWSER_FUZZ_TARGET.
#include "fuzz/target.h"

namespace {

const hawser::fuzz::Target& target() {
  static const hawser::fuzz::Target& chosen = [&]() -> const hawser::fuzz::Target& {
    const char* name = std::getenv("HAWSER_FUZZ_TARGET");
    return hawser::fuzz::find_target(name == nullptr ? "" : name);
  }();
  return chosen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  target().run(data, size);
  return 0;
}
