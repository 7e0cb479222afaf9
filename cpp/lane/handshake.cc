#include "lane/handshake.h"

#include "base/crc32c.h"

namespace hawser {

namespace {

uint32_t sum_of(wire::Hello hello) {
  hello.sum = 0;
  return crc32c(0, &hello, sizeof(hello));
}

}  // namespace

Status Handshake::step(bool* done) {
  *done = false;
  if (!posted_) {
    if (Status status = post(); !status.ok()) return status;
  }
  bool moved = false;
  comm_->expect_input();
  const Status broken = comm_->progress(&moved);
  size_t bytes = 0;
  if (out_ != nullptr && comm_->test(out_, &bytes)) out_ = nullptr;
  if (in_ != nullptr && comm_->test(in_, &bytes)) {
    in_ = nullptr;
    if (bytes != sizeof(theirs_)) theirs_.magic = 0;
    if (Status status = check(); !status.ok()) return status;
    theirs_.device[sizeof(theirs_.device) - 1] = '\0';
    theirs_.host[sizeof(theirs_.host) - 1] = '\0';
    if (answers_) {
      if (Status status = say(); !status.ok()) return status;
    }
  }
  *done = said_ && out_ == nullptr && in_ == nullptr;
  // What arrived before the comm broke tells more: one who hears of another version hangs up.
  return broken;
}

Status Handshake::post() {
  if (Status status = comm_->irecv(&theirs_, sizeof(theirs_), nullptr, &in_); !status.ok()) return status;
  if (in_ == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for a hello"};
  posted_ = true;
  return answers_ ? Status() : say();
}

Status Handshake::say() {
  mine_.sum = sum_of(mine_);
  if (Status status = comm_->isend(&mine_, sizeof(mine_), nullptr, &out_); !status.ok()) return status;
  if (out_ == nullptr) return {HAWSER_LANE_LOST, "the transport has no request left for a hello"};
  said_ = true;
  return {};
}

Status Handshake::check() const {
  if (theirs_.magic != wire::kHelloMagic) return {HAWSER_REFUSED, "the other end is no Hawser party"};
  if (theirs_.version != wire::kVersion) {
    return {HAWSER_VERSION_MISMATCH, "the other end speaks version " + std::to_string(theirs_.version) +
                                         " of the lane protocol, this one version " + std::to_string(wire::kVersion) +
                                         ": run the same release of Hawser on both"};
  }
  if (theirs_.sum != sum_of(theirs_)) {
    return {HAWSER_LANE_LOST, "a hello arrived with a wrong checksum: the device or its driver corrupts data"};
  }
  return comm_->vouch(theirs_.rank);
}

}  // namespace hawser
