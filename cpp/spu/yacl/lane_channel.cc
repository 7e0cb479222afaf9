#include "spu/yacl/lane_channel.h"

#include <algorithm>
#include <utility>

#include "spu/yacl/lane_communicator.h"
#include "yacl/base/exception.h"

namespace hawser {

namespace {

constexpr std::string_view kTestKey = "__test__";
constexpr uint8_t kTestByte = 0;
constexpr uint64_t kLongestTimeout = uint64_t{365} * 24 * 3600 * 1000;  // ms; what a deadline can hold

Nanos nanos(uint64_t milliseconds) {
  return static_cast<Nanos>(std::min(milliseconds, kLongestTimeout)) * kMillisecond;
}

}  // namespace

LaneChannel::LaneChannel(std::shared_ptr<LaneCommunicator> communicator, size_t peer, const std::string& tag_prefix)
    : communicator_(std::move(communicator)),
      peer_(peer),
      prefix_(tag_prefix + ":"),
      sends_(std::make_shared<SendGroup>()),
      throttled_(std::make_shared<SendGroup>()) {}

std::string LaneChannel::name() const {
  return "the channel " + prefix_ + " from rank " + std::to_string(communicator_->rank()) + " to rank " +
         std::to_string(peer_);
}

void LaneChannel::check_usable(const std::string& key) const {
  if (aborted_) raise(HAWSER_CLOSED, name() + " was aborted");
  if (key.empty()) raise(HAWSER_INVALID_ARGUMENT, name() + ": a key has at least one byte");
}

void LaneChannel::Send(const std::string& key, ::yacl::ByteContainerView value) {
  check_usable(key);
  communicator_->send(peer_, {prefix_, key}, value, sends_, nanos(recv_timeout_ms_), aborted_);
}

void LaneChannel::SendAsync(const std::string& key, ::yacl::ByteContainerView value) {
  if (is_whole(prefix_.size() + key.size(), value.size())) {
    Send(key, value);  // copies once, and does not wait
  } else {
    SendAsync(key, ::yacl::Buffer(value));
  }
}

void LaneChannel::SendAsync(const std::string& key, ::yacl::Buffer value) {
  check_usable(key);
  communicator_->send_async(peer_, {prefix_, key}, std::move(value), sends_);
}

void LaneChannel::SendAsyncThrottled(const std::string& key, ::yacl::Buffer value) {
  check_usable(key);
  const size_t window = window_;
  if (window > 0) await_sends(*throttled_, window - 1, "the throttle window stays full");
  communicator_->send_async(peer_, {prefix_, key}, std::move(value), throttled_);
}

::yacl::Buffer LaneChannel::Recv(const std::string& key) {
  check_usable(key);
  return communicator_->recv(peer_, {prefix_, key}, nanos(recv_timeout_ms_), aborted_);
}

void LaneChannel::await_sends(const SendGroup& group, uint64_t under_way, const char* what) {
  const uint64_t timeout = recv_timeout_ms_;
  if (communicator_->await_sends(group, under_way, nanos(timeout), aborted_)) return;
  if (aborted_) raise(HAWSER_CLOSED, name() + " was aborted");
  raise(HAWSER_TIMEOUT, name() + ": " + what + " for " + std::to_string(timeout) + " ms");
}

void LaneChannel::WaitLinkTaskFinish() {
  if (aborted_) return;
  for (const auto& group : {sends_, throttled_}) {
    await_sends(*group, 0, "sends have been under way");
    const Failure failure = communicator_->first_failure(*group);
    if (failure) raise(failure.code, name() + ": a send has failed: " + failure.text);
  }
}

void LaneChannel::Abort() {
  aborted_ = true;
  communicator_->notify();
}

void LaneChannel::TestSend(uint32_t timeout_ms) {
  if (aborted_) raise(HAWSER_CLOSED, name() + " was aborted");
  const auto group = std::make_shared<SendGroup>();
  communicator_->send(peer_, {prefix_, kTestKey}, {&kTestByte, 1}, group, nanos(timeout_ms), aborted_);
  if (communicator_->await_sends(*group, 0, nanos(timeout_ms), aborted_)) return;
  throw ::yacl::NetworkError(name() + ": the handshake has not left within " + std::to_string(timeout_ms) + " ms");
}

void LaneChannel::TestRecv() {
  const ::yacl::Buffer said = Recv(std::string(kTestKey));
  if (said.size() == 1 && *said.data<uint8_t>() == kTestByte) return;
  throw ::yacl::InvalidFormat(name() + ": the handshake has " + std::to_string(said.size()) +
                              " bytes or another value than one byte 0: does the peer speak yacl?");
}

}  // namespace hawser
