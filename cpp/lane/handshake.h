// The first message of each end on a new connection of a lane.
#pragma once

#include <memory>

#include "lane/wire.h"
#include "net/transport.h"

namespace hawser {

class Handshake {
 public:
  // `answers`: this end listened, and says who it is when it knows who has come.
  Handshake(std::unique_ptr<Comm> comm, const wire::Hello& mine, bool answers)
      : comm_(std::move(comm)), mine_(mine), answers_(answers) {}

  // A step, without waiting; *done once both hellos have passed. An error names what the other end is.
  Status step(bool* done);

  const wire::Hello& theirs() const { return theirs_; }
  std::unique_ptr<Comm> take() { return std::move(comm_); }

 private:
  Status post();
  Status say();
  Status check() const;

  std::unique_ptr<Comm> comm_;
  wire::Hello mine_;
  wire::Hello theirs_{};
  Request* out_ = nullptr;
  Request* in_ = nullptr;
  bool answers_;
  bool posted_ = false;
  bool said_ = false;
};

}  // namespace hawser
