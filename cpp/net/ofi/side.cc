#include "net/ofi/side.h"

#include "net/ofi/wire.h"

namespace hawser {
namespace {

// Collects a request that may be done.
void collect(Comm& comm, Request** request) {
  size_t bytes = 0;
  if (*request != nullptr && comm.test(*request, &bytes)) *request = nullptr;
}

}  // namespace

Status OfiSide::say(uint64_t word, uint64_t* memory, Request** request) {
  *memory = word;
  return tcp_->isend(memory, sizeof(*memory), nullptr, request);
}

Status OfiSide::hear() {
  for (;;) {
    if (hearing_ == nullptr) {
      if (Status status = tcp_->irecv(&heard_, sizeof(heard_), nullptr, &hearing_); !status.ok()) return status;
    }
    collect(*tcp_, &hearing_);
    if (hearing_ != nullptr) return {};
    if (heard_ != kOfiQuestion && heard_ != kOfiAnswer)
      return {HAWSER_LANE_LOST, "the peer sent garbage beside the lane"};
    heard_at_ = now();
    owes_answer_ |= heard_ == kOfiQuestion;
  }
}

Status OfiSide::progress() {
  if (Status status = hear(); !status.ok()) return status;
  bool moved = false;
  if (Status status = tcp_->progress(&moved); !status.ok()) return status;
  if (Status status = hear(); !status.ok()) return status;
  collect(*tcp_, &asking_);
  collect(*tcp_, &answering_);
  if (!owes_answer_ || answering_ != nullptr) return {};
  owes_answer_ = false;
  if (Status status = say(kOfiAnswer, &answer_, &answering_); !status.ok()) return status;
  return tcp_->progress(&moved);
}

Status OfiSide::check_alive(Nanos silence) {
  const Nanos time = now();
  // One question at a time, and few: a peer that is not driven must not be buried in them.
  if (asking_ == nullptr && time - asked_at_ >= silence / 2) {
    asked_at_ = time;
    if (Status status = say(kOfiQuestion, &question_, &asking_); !status.ok()) return status;
  }
  if (Status status = progress(); !status.ok()) return status;
  return tcp_->check_alive(silence);
}

}  // namespace hawser
