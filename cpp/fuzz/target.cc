#include "fuzz/target.h"

#include <algorithm>

namespace hawser::fuzz {

std::vector<Target>& targets() {
  static auto* const all = new std::vector<Target>;
  return *all;
}

const Target& find_target(const std::string& name) {
  const auto found =
      std::find_if(targets().begin(), targets().end(), [&](const Target& one) { return one.name == name; });
  if (found != targets().end()) return *found;
  std::fprintf(stderr, "fuzz: there is no target '%s'; there are:\n", name.c_str());
  for (const Target& target : targets()) std::fprintf(stderr, "  %s\n", target.name);
  std::exit(2);
}

}  // namespace hawser::fuzz
