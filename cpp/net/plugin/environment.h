// Some plugins set variables of the environment while they start. It belongs to the process: in a Java machine those
// would reach every child, and NCCL itself if it is used beside. While one of these lives the variables may change; its
// end makes them what they were. Not to be used while other threads change the environment.
#pragma once

#include <map>
#include <string>

namespace hawser {

class EnvironmentKept {
 public:
  EnvironmentKept();
  ~EnvironmentKept();
  EnvironmentKept(const EnvironmentKept&) = delete;
  EnvironmentKept& operator=(const EnvironmentKept&) = delete;

 private:
  std::map<std::string, std::string> before_;
};

}  // namespace hawser
