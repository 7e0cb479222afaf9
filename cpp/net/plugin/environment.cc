#include "net/plugin/environment.h"

#include <unistd.h>

#include <cstdlib>

namespace hawser {
namespace {

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> found;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string entry = *at;
    const size_t equals = entry.find('=');
    if (equals != std::string::npos && equals > 0) found.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return found;
}

}  // namespace

EnvironmentKept::EnvironmentKept() : before_(variables()) {}

EnvironmentKept::~EnvironmentKept() {
  const auto after = variables();
  for (const auto& [name, value] : after) {
    if (!before_.contains(name)) unsetenv(name.c_str());
  }
  for (const auto& [name, value] : before_) {
    const auto now = after.find(name);
    if (now == after.end() || now->second != value) setenv(name.c_str(), value.c_str(), 1);
  }
}

}  // namespace hawser
