// The result of what may fail: a code and, when it is not OK, what failed and what to do.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "hawser.h"

namespace hawser {

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(int32_t code, std::string text, int sys_errno = 0) : code_(code), errno_(sys_errno), text_(std::move(text)) {}

  // For a system call that just failed: appends errno's own text, so call it before anything else can change errno.
  static Status from_errno(int32_t code, const std::string& text, int sys_errno = errno);

  bool ok() const { return code_ == HAWSER_OK; }
  int32_t code() const { return code_; }
  int sys_errno() const { return errno_; }
  const std::string& text() const { return text_; }
  int lane() const { return lane_; }
  const std::string& device() const { return device_; }
  int rank() const { return rank_; }

  Status&& on_lane(int lane, std::string device) && {
    lane_ = lane;
    device_ = std::move(device);
    return std::move(*this);
  }
  Status&& of_rank(int rank) && {
    rank_ = rank;
    return std::move(*this);
  }

  // Writes the C form, with rank, lane and device in front of the text; `out` may be null. Returns the code.
  int32_t write_to(hawser_error* out) const;

 private:
  int32_t code_ = HAWSER_OK;
  int errno_ = 0;
  int lane_ = -1;
  int rank_ = -1;
  std::string device_;
  std::string text_;
};

}  // namespace hawser
