#include "net/ofi/connect.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace hawser {
namespace {

constexpr size_t kMostGuests = 16;
constexpr Nanos kMeetingLimit = 10 * kSecond;
// Some providers look for news of their connections only every so many looks at their queue.
constexpr int kLooks = 300;
constexpr long kTick = kMillisecond;
// The tag's upper bits: few enough for providers whose tags have 48.
constexpr uint64_t kTagMask = 0xFFFF;

}  // namespace

// ------------------------------------------------------------------------------------------------ meeting

Status OfiMeeting::begin() {
  if (Status status = domain_->open_endpoint(OfiComm::kRequests, &endpoint_); !status.ok()) return status;
  if (endpoint_->end.address.size() > sizeof(mine_.address)) {
    return {HAWSER_UNSUPPORTED, domain_->name() + ": the endpoint's address has " +
                                    std::to_string(endpoint_->end.address.size()) + " bytes, more than " +
                                    std::to_string(sizeof(mine_.address))};
  }
  uint64_t tag = 0;
  if (getrandom(&tag, sizeof(tag), 0) != static_cast<ssize_t>(sizeof(tag))) {
    return Status::from_errno(HAWSER_IO, "cannot draw a random tag");
  }
  mine_.magic = kOfiMeetingMagic;
  mine_.version = kOfiWireVersion;
  mine_.address_bytes = static_cast<uint16_t>(endpoint_->end.address.size());
  mine_.tag = tag & kTagMask;
  copy_text(mine_.provider, domain_->provider());
  std::copy(endpoint_->end.address.begin(), endpoint_->end.address.end(), mine_.address);
  if (Status status = side_->irecv(&theirs_, sizeof(theirs_), nullptr, &in_); !status.ok()) return status;
  return side_->isend(&mine_, sizeof(mine_), nullptr, &out_);
}

Status OfiMeeting::understand(OfiPeer* peer) const {
  if (theirs_.magic != kOfiMeetingMagic) return {HAWSER_REFUSED, "the other end is no party over libfabric"};
  if (theirs_.version != kOfiWireVersion) {
    return {HAWSER_VERSION_MISMATCH, "the other end speaks version " + std::to_string(theirs_.version) +
                                         " of the ofi transport, this one version " + std::to_string(kOfiWireVersion) +
                                         ": run the same release of Hawser on both"};
  }
  const std::string provider = bounded_text(theirs_.provider);
  if (provider != domain_->provider()) {
    return {HAWSER_REFUSED, "the other end uses libfabric's provider '" + provider + "', this one '" +
                                domain_->provider() + "': name one on both, such as --net ofi:tcp"};
  }
  if (theirs_.address_bytes > sizeof(theirs_.address)) return {HAWSER_REFUSED, "the other end's address is garbled"};
  peer->address.assign(theirs_.address, theirs_.address + theirs_.address_bytes);
  peer->tag = theirs_.tag & kTagMask;
  return {};
}

// Both tell their addresses.
Status OfiMeeting::exchange() {
  if (!begun_) {
    if (Status status = begin(); !status.ok()) return status;
    begun_ = true;
  }
  bool moved = false;
  side_->expect_input();
  const Status broken = side_->progress(&moved);
  size_t bytes = 0;
  if (out_ != nullptr && side_->test(out_, &bytes)) out_ = nullptr;
  if (in_ != nullptr && side_->test(in_, &bytes)) in_ = nullptr;
  if (in_ != nullptr || out_ != nullptr) return broken;
  OfiPeer peer;
  if (Status status = understand(&peer); !status.ok()) return status;
  comm_ = std::make_unique<OfiComm>(domain_, std::move(endpoint_), std::move(side_), mine_.tag);
  return comm_->address(peer);
}

// Providers connect when the first message is sent, and some stumble over two ends that do so at once: the connector
// speaks first, with an empty message, and the listener is silent until it has heard it.
Status OfiMeeting::open() {
  if (first_ != nullptr) return {};
  return connects_ ? comm_->isend(nullptr, 0, nullptr, &first_) : comm_->irecv(nullptr, 0, nullptr, &first_);
}

Status OfiMeeting::step(std::unique_ptr<Comm>* out) {
  out->reset();
  if (comm_ == nullptr) {
    if (Status status = exchange(); !status.ok() || comm_ == nullptr) return status;
  }
  if (Status status = open(); !status.ok()) return status;
  for (int look = 0; look < kLooks; ++look) {
    bool moved = false;
    if (Status status = comm_->progress(&moved); !status.ok()) return status;
    size_t bytes = 0;
    if (!comm_->test(first_, &bytes)) continue;
    *out = std::move(comm_);
    return {};
  }
  return {};
}

// ------------------------------------------------------------------------------------------------ listener

Status OfiListener::open() {
  timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN;
  const bool watching = timer_.valid() && epoll_.valid() &&
                        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event) == 0 &&
                        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, sockets_->fd(), &event) == 0;
  return watching ? Status() : Status::from_errno(HAWSER_IO, "cannot watch a listener (see ulimit -n)");
}

void OfiListener::tick(bool on) {
  const itimerspec times{{0, on ? kTick : 0}, {0, on ? kTick : 0}};
  timerfd_settime(timer_.get(), 0, &times, nullptr);
}

Status OfiListener::accept(std::unique_ptr<Comm>* out) {
  out->reset();
  uint64_t ticks = 0;
  const bool ticked = read(timer_.get(), &ticks, sizeof(ticks)) > 0;
  std::unique_ptr<Comm> side;
  if (Status status = sockets_->accept(&side); !status.ok()) return status;
  if (side != nullptr) {
    if (guests_.empty()) tick(true);
    if (guests_.size() == kMostGuests) {
      guests_.erase(guests_.begin());
      ++dropped_;
    }
    guests_.push_back({std::make_unique<OfiMeeting>(domain_, std::move(side), false), now() + kMeetingLimit});
  }
  for (auto guest = guests_.begin(); guest != guests_.end() && *out == nullptr;) {
    const bool met = guest->meeting->step(out).ok();
    if (*out == nullptr && met && now() < guest->deadline) {
      ++guest;
      continue;
    }
    if (*out == nullptr) ++dropped_;
    guest = guests_.erase(guest);
  }
  if (guests_.empty() && (ticked || side != nullptr || *out != nullptr)) tick(false);
  return {};
}

// ------------------------------------------------------------------------------------------------ connector

Status OfiConnector::poll(std::unique_ptr<Comm>* out) {
  out->reset();
  if (meeting_ == nullptr) {
    std::unique_ptr<Comm> side;
    if (Status status = sockets_->poll(&side); !status.ok() || side == nullptr) return status;
    meeting_ = std::make_unique<OfiMeeting>(domain_, std::move(side), true);
  }
  return meeting_->step(out);
}

}  // namespace hawser
