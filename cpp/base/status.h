// The result of what may fail: a code and, when it is not OK, what failed and what to do.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hawser.h"

namespace hawser {

// One that is OK is a null pointer: hot paths return it at no cost.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(int32_t code, std::string text, int sys_errno = 0);

  // For a system call that just failed: appends errno's own text, so call it before anything else can change errno.
  static Status from_errno(int32_t code, const std::string& text, int sys_errno = errno);

  bool ok() const { return failure_ == nullptr; }
  int32_t code() const { return ok() ? HAWSER_OK : failure_->code; }
  // What a failure tells; of one that is OK, nothing.
  int sys_errno() const { return told().sys_errno; }
  const std::string& text() const { return told().text; }
  int lane() const { return told().lane; }
  const std::string& device() const { return told().device; }
  int rank() const { return told().rank; }

  Status&& on_lane(int lane, std::string device) &&;
  Status&& of_rank(int rank) &&;

  // Writes the C form, with rank, lane and device in front of the text; `out` may be null. Returns the code.
  int32_t write_to(hawser_error* out) const {
    if (out != nullptr) told().write_to(out);
    return code();
  }

 private:
  struct Failure {
    int32_t code = HAWSER_OK;
    int sys_errno = 0;
    int lane = -1;
    int rank = -1;
    std::string device;
    std::string text;

    void write_to(hawser_error* out) const;
  };
  const Failure& told() const;
  // One of its own, to be changed: copies share theirs.
  Failure& own();

  std::shared_ptr<Failure> failure_;
};

}  // namespace hawser
