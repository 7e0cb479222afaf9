// Which machine this is, since it was started: processes of one name's machine share its kernel.
#pragma once

#include <fstream>
#include <string>

namespace hawser {

// "" where the kernel does not tell.
inline std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace hawser
