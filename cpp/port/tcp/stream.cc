#include "port/tcp/stream.h"

#include <limits>

namespace hawser::port {

namespace {

// A peer that ends a connection says why by the control connection: so long its word is waited for.
constexpr Nanos kPatience = kSecond;
constexpr uint64_t kGeneration = uint64_t{1} << 32;
constexpr uint64_t kSlots = 0xffff;

// Of this process's streams: what is left over from a link that had the same number is told apart by it.
uint64_t next_generation() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed) * kGeneration;
}

}  // namespace

TcpStream::TcpStream(TcpDriver& driver, TcpMemories& memories, std::unique_ptr<Link> link, Owner& owner, std::string me,
                     std::string peer)
    : driver_(driver),
      link_(std::move(link)),
      owner_(owner),
      peer_(peer),
      outbound_(driver),
      inbound_(driver, memories, outbound_, std::move(me), std::move(peer)),
      ids_(next_generation()) {}

Status TcpStream::open() {
  if (Status status = driver_.attach(link_.get(), shared_from_this(), &id_); !status.ok()) return status;
  open_ = true;
  outbound_.open(id_, ids_);
  inbound_.open(id_, ids_);
  return {};
}

void TcpStream::close() {
  if (!open_) return;
  open_ = false;
  driver_.close(link_.get(), id_);
}

void TcpStream::on_event(const hawser_event& event) {
  if (broken_) return;
  switch (event.kind) {
    case HAWSER_EVENT_LINK_CLOSED:
      suspect({HAWSER_CLOSED, peer_ + " closed the connection"});
      return;
    case HAWSER_EVENT_LINK_FAILED: {
      const Status& why = link_->error();
      Status failure{HAWSER_LINK_FAILED, "the Tcp connection to " + peer_ + " has failed: " + why.text(),
                     why.sys_errno()};
      end(std::move(failure).on_lane(why.lane(), why.device()).of_rank(why.rank()));
      return;
    }
    case HAWSER_EVENT_SEND_DONE:
    case HAWSER_EVENT_RECEIVE_DONE:
      break;
    default:
      return;
  }
  if ((event.id & ~(kGeneration - 1)) != ids_) return;
  const auto operation = static_cast<TcpOperation>((event.id & (kGeneration - 1)) >> 16);
  const size_t slot = event.id & kSlots;
  if (event.kind == HAWSER_EVENT_RECEIVE_DONE) {
    on_receive_done(operation, slot, event);
    return;
  }
  if (event.code != HAWSER_OK) {
    suspect({event.code, peer_ + " takes no more on the Tcp connection"});
    return;
  }
  outbound_.on_sent(operation, slot);
}

void TcpStream::on_receive_done(TcpOperation operation, size_t slot, const hawser_event& event) {
  const bool ended = event.code == HAWSER_CLOSED || event.code == HAWSER_LINK_FAILED;
  if (ended) return;  // the link's own event follows
  if (operation == TcpOperation::kReceive && event.code != HAWSER_OK) {
    end({HAWSER_LINK_FAILED, peer_ + " sent a message that is none of the Tcp transport's"});
    return;
  }
  const Status status = operation == TcpOperation::kReceive ? inbound_.on_message(slot, event.bytes)
                                                            : inbound_.on_landed(slot, event.code, event.bytes);
  if (!status.ok()) {
    end(status);
    return;
  }
  const uint64_t fenced = inbound_.fenced();
  if (fenced == fenced_) return;
  if (fenced > expected_.load(std::memory_order_relaxed)) {
    end({HAWSER_LINK_FAILED, peer_ + " answered a fence that was never asked for"});
    return;
  }
  fenced_ = fenced;
  owner_.on_fenced(fenced);
}

Nanos TcpStream::after_events(Nanos time) {
  if (!broken_ && outbound_.take_hunger()) owner_.on_room();
  if (broken_ || !open_ || patience_ends_ == 0) return std::numeric_limits<Nanos>::max();
  if (time >= patience_ends_) end(suspicion_);
  return patience_ends_;
}

void TcpStream::suspect(Status why) {
  if (patience_ends_ != 0) return;
  patience_ends_ = now() + kPatience;
  suspicion_ = std::move(why);
}

void TcpStream::end(Status why) {
  if (broken_) return;
  broken_ = true;
  owner_.on_broken(std::move(why));
}

}  // namespace hawser::port
