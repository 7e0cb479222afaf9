// What tells one process from every other that ever ran on this machine.
#pragma once

#include <cstdint>
#include <string>

namespace hawser::stats {

struct ProcessName {
  int32_t pid = 0;
  uint64_t start = 0;  // ticks since boot
  std::string boot;
  uint64_t pid_namespace = 0;
};

ProcessName this_process();
// The file that the kernel runs, without its folder and without arguments.
std::string program_of_this_process();

// Whether it runs no more. Of a process of another namespace nothing is known: false.
bool has_ended(const ProcessName& process, const ProcessName& me);

}  // namespace hawser::stats
