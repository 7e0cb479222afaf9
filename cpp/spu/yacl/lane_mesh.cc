// How a lane communicator meets its peers: it connects to the lower ranks, and the higher ones connect to it.
#include <algorithm>
#include <charconv>
#include <thread>

#include "spu/yacl/lane_communicator.h"

namespace hawser {

namespace {

constexpr std::chrono::milliseconds kRetry{50};

struct Address {
  std::string host;
  uint16_t port = 0;
};

// host:port, a host of colons in brackets.
Address parse_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  const char* end = text.data() + text.size();
  const char* digits = colon == std::string::npos ? end : text.data() + colon + 1;
  const auto [stop, error] = std::from_chars(digits, end, address.port);
  if (digits == end || stop != end || error != std::errc()) {
    raise(HAWSER_INVALID_ARGUMENT, "not an address of the form host:port: '" + text + "'");
  }
  address.host = text.substr(0, colon);
  if (address.host.size() > 1 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  return address;
}

int32_t rank_behind(hawser_link* link) {
  hawser_link_info info{};
  hawser_link_describe(link, &info);
  return info.peer_rank;
}

}  // namespace

uint16_t LaneCommunicator::listen(const std::string& address) {
  const Address at = parse_address(address);
  hawser_error error{};
  const char* host = at.host.empty() ? nullptr : at.host.c_str();
  if (hawser_listen(engine_.get(), host, at.port, &listener_, &error) != HAWSER_OK) {
    raise(error, "rank " + std::to_string(rank_) + ": cannot listen at " + address);
  }
  return hawser_listener_port(listener_);
}

void LaneCommunicator::connect(const std::vector<std::string>& addresses) {
  if (addresses.size() != peers_.size()) {
    raise(HAWSER_INVALID_ARGUMENT, "rank " + std::to_string(rank_) + ": " + std::to_string(addresses.size()) +
                                       " addresses for " + std::to_string(peers_.size()) + " ranks");
  }
  const Nanos deadline = now() + connect_timeout_;
  // In this order nobody waits in a circle: a rank that connects waits for a lower one only.
  for (size_t lower = 0; lower < rank_; ++lower) join(lower, connect_to(lower, addresses[lower], deadline));
  for (size_t missing = peers_.size() - 1 - rank_; missing > 0; --missing) accept_one(deadline);
}

// The peer may not listen yet: tries until it does.
hawser_link* LaneCommunicator::connect_to(size_t rank, const std::string& address, Nanos deadline) {
  const Address at = parse_address(address);
  const std::string what =
      "rank " + std::to_string(rank_) + ": no link to rank " + std::to_string(rank) + " at " + address;
  for (;;) {
    hawser_error error{};
    hawser_link* link = nullptr;
    if (hawser_connect(engine_.get(), at.host.c_str(), at.port, deadline - now(), &link, &error) == HAWSER_OK) {
      const int32_t there = rank_behind(link);
      if (there == static_cast<int32_t>(rank)) return link;
      const auto lock = engine_.lock();
      hawser_link_close(link);
      raise(HAWSER_REFUSED,
            what + ", which answers as rank " + std::to_string(there) + ": do all have the same list of addresses?");
    }
    const bool nobody_listens = error.code == HAWSER_REFUSED && error.sys_errno != 0;
    if (!nobody_listens || now() >= deadline) raise(error, what);
    std::this_thread::sleep_for(kRetry);
  }
}

void LaneCommunicator::accept_one(Nanos deadline) {
  const std::string what =
      "rank " + std::to_string(rank_) + ": not all of " + std::to_string(peers_.size()) + " ranks have connected to it";
  hawser_error error{};
  hawser_link* link = nullptr;
  if (hawser_accept(listener_, std::max<Nanos>(deadline - now(), 0), &link, &error) != HAWSER_OK) raise(error, what);
  const int32_t there = rank_behind(link);
  const auto rank = static_cast<size_t>(there);
  if (there > static_cast<int32_t>(rank_) && rank < peers_.size() && peers_[rank]->link == nullptr) {
    join(rank, link);
    return;
  }
  const auto lock = engine_.lock();
  hawser_link_close(link);
  raise(HAWSER_REFUSED, what + ": one came as rank " + std::to_string(there) + ", which does not belong there");
}

}  // namespace hawser
