#include "net/ofi/comm.h"

#include <rdma/fi_errno.h>
#include <rdma/fi_tagged.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "net/poller.h"

namespace hawser {
namespace {

// More than this on its way would only wait in the provider, where it could not be given to another lane any more. So
// much, because the receiver asks for a long message only when it has found its announcement behind those before it.
constexpr size_t kBacklogBytes = 8 * 1024 * 1024;
// Completions taken in one call, so that the other lanes get their turn.
constexpr int kCompletionsPerCall = 64;
// To sleep and be woken costs several calls of the system more than with a socket: not while messages come this close.
constexpr Nanos kLively = 100 * kMicrosecond;
// How long a detached buffer is waited for.
constexpr Nanos kDetachLimit = 10 * kMillisecond;
// How long a comm that is closed waits for its sends (a goodbye among them) to leave.
constexpr Nanos kCloseLimit = 50 * kMillisecond;
// Messages up to here are whole in the provider before they are asked for.
constexpr size_t kShortBytes = size_t{64} * 1024;
// What a peer said before it left may take another way than the end of the side connection.
constexpr Nanos kEndGrace = 20 * kMillisecond;
// A peer whose driver answers beside the lane while the provider completes nothing: after so many silences, and the
// time that what is on its way takes at this rate, the network is dead.
constexpr Nanos kStalledSilences = 20;
constexpr Nanos kNanosPerByteAtLeast = 1000;  // 1 MB/s

}  // namespace

OfiComm::OfiComm(std::shared_ptr<OfiDomain> domain, std::shared_ptr<OfiEndpoint> endpoint, std::unique_ptr<Comm> side,
                 uint64_t tag)
    : domain_(std::move(domain)), endpoint_(std::move(endpoint)), side_(std::move(side)) {
  receives_.next_tag = tag << kTagShift;
}

OfiComm::~OfiComm() {
  const Nanos deadline = now() + kCloseLimit;
  while (broken_.ok() && ended_at_ == 0 && !sends_.requests.empty() && now() < deadline) {
    bool moved = false;
    (void)progress(&moved);
    while (!sends_.requests.empty() && sends_.requests.front().state == OfiRequest::State::kDone) {
      size_t bytes = 0;
      test(&sends_.requests.front(), &bytes);
    }
  }
  shut();
}

void OfiComm::shut() {
  side_.close();
  if (endpoint_ == nullptr) return;
  if (poller_ != nullptr) poller_->remove(endpoint_->end.wait_fd);
  // A neighbour may keep it open for a while. Nobody reads its queue then, and nothing arrives.
  endpoint_.reset();
}

Status OfiComm::address(const OfiPeer& peer) {
  sends_.next_tag = peer.tag << kTagShift;
  neighbour_ = domain_->neighbour(peer.address);
  return domain_->add_peer(*endpoint_, peer.address, &peer_);
}

Status OfiComm::arm(Poller& poller) {
  if (Status status = side_.arm(poller); !status.ok()) return status;
  armed_ = true;
  if (endpoint_->end.wait_fd < 0) return {};
  // Not edge-triggered: what the provider signals stays so until fi_trywait() finds its queues empty.
  Status added = poller.add(endpoint_->end.wait_fd, EPOLLIN, this);
  if (added.ok()) poller_ = &poller;
  return added;
}

bool OfiComm::needs_polling() const {
  if (!broken_.ok() || endpoint_->end.wait_fd < 0 || waiting() || ended_at_ != 0) return true;
  if (now() - moved_at_ < kLively) return true;
  // By libfabric's rule a descriptor may be waited for only after it was asked whether it may.
  fid* queue = &endpoint_->end.completions->fid;
  return fi_trywait(domain_->fabric(), &queue, 1) != 0;
}

Status OfiComm::accept(Queue& queue, bool sending, const void* data, size_t bytes, Memory* memory, Request** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  if (queue.requests.full()) return {};
  OfiRequest& request = queue.requests.push();
  request.state = OfiRequest::State::kWaiting;
  request.sending = sending;
  request.cancelled = request.told = false;
  request.data = const_cast<void*>(data);
  request.bytes = bytes;
  request.tag = queue.next_tag;
  // The lower half counts and wraps; the upper half stays.
  queue.next_tag = (queue.next_tag >> kTagShift << kTagShift) | static_cast<uint32_t>(queue.next_tag + 1);
  request.memory = memory;
  request.context.request = &request;
  *out = &request;
  return {};
}

Status OfiComm::isend(const void* data, size_t bytes, Memory* memory, Request** out) {
  const size_t most = std::min<size_t>(domain_->longest_message(), std::numeric_limits<uint32_t>::max());
  if (bytes > most) {
    *out = nullptr;
    return {HAWSER_INVALID_ARGUMENT, domain_->name() + " carries messages of at most " + std::to_string(most) +
                                         " bytes, not " + std::to_string(bytes) + ": make chunks smaller"};
  }
  Status status = accept(sends_, true, data, bytes, memory, out);
  if (*out == nullptr) return status;
  if (backlog_ == 0) moved_at_ = now();
  backlog_ += bytes;
  return status;
}

Status OfiComm::irecv(void* data, size_t bytes, Memory* memory, Request** out) {
  Status status = accept(receives_, false, data, bytes, memory, out);
  if (*out == nullptr) return status;
  give(receives_);
  expected_ = true;  // the message may be there already
  return broken_;
}

bool OfiComm::test(Request* request, size_t* bytes) {
  auto* mine = static_cast<OfiRequest*>(request);
  Queue& queue = mine->sending ? sends_ : receives_;
  if (mine->state != OfiRequest::State::kDone || mine->told) return false;
  *bytes = mine->bytes;
  mine->own_data.reset();
  mine->told = true;
  for (; !queue.requests.empty() && queue.requests.front().told; queue.requests.pop()) --queue.given;
  return true;
}

bool OfiComm::is_leaving(const Request* request) const {
  // Some providers are done with a long message when the peer has read it: the lane would stand idle for the way there
  // and back if it offered the next one only then.
  return static_cast<const OfiRequest*>(request)->state == OfiRequest::State::kPosted && writable();
}

void OfiComm::give(Queue& queue) {
  while (broken_.ok() && queue.given < queue.requests.size()) {
    OfiRequest& next = queue.requests.at(queue.given);
    // What a peer left unfinished is not whole any more, and libfabric 1.17 falls over a receive for it.
    if (ended_at_ != 0 && (next.sending || next.bytes > kShortBytes)) return;
    if (!post(next)) return;
    ++queue.given;
  }
}

// False when the provider has no room at present, or the comm broke.
bool OfiComm::post(OfiRequest& request) {
  if (domain_->wants_registration() && request.memory == nullptr && request.own_memory == nullptr) {
    broken_ =
        domain_->register_memory(*endpoint_, request.data, std::max<size_t>(request.bytes, 1), &request.own_memory);
    if (!broken_.ok()) return false;
  }
  auto* memory = request.own_memory != nullptr ? request.own_memory.get() : static_cast<OfiMemory*>(request.memory);
  void* descriptor = memory == nullptr ? nullptr : memory->descriptor;
  fid_ep* endpoint = endpoint_->end.endpoint.get();
  const ssize_t rc =
      request.sending
          ? fi_tsend(endpoint, request.data, request.bytes, descriptor, peer_, request.tag, &request.context)
          : fi_trecv(endpoint, request.data, request.bytes, descriptor, peer_, request.tag, 0, &request.context);
  if (rc == 0) {
    request.state = OfiRequest::State::kPosted;
    return true;
  }
  if (rc == -FI_EAGAIN) return false;
  if (request.sending) {
    end(failure("cannot send", rc));
  } else {
    fail("cannot receive", rc);
  }
  return false;
}

void OfiComm::complete(void* context, size_t bytes) {
  OfiRequest* request = static_cast<Context*>(static_cast<fi_context2*>(context))->request;
  request->state = OfiRequest::State::kDone;
  request->own_memory.reset();
  moved_at_ = now();
  if (request->sending) {
    backlog_ -= request->bytes;
    return;
  }
  request->bytes = bytes;
  // What a neighbour reads out of the sender's memory is what the sender meant as long as it had not let go of it,
  // which it says by closing the side connection first.
  if (domain_->reads_sender(bytes) && side_.gone()) {
    broken_ = {HAWSER_LANE_LOST, "comm over " + domain_->name() + ": the peer took back what it was sending"};
    request->state = OfiRequest::State::kFailed;
  }
}

// False when the comm broke.
bool OfiComm::read_queue(bool* moved) {
  std::array<fi_cq_msg_entry, 16> entries;
  for (int taken = 0; taken < kCompletionsPerCall;) {
    const ssize_t count = fi_cq_read(endpoint_->end.completions.get(), entries.data(), entries.size());
    if (count == -FI_EAGAIN) {
      expected_ = false;
      return true;
    }
    if (count == -FI_EAVAIL) {
      on_error();
      if (!broken_.ok()) return false;
      continue;
    }
    if (count < 0) {
      fail("the completion queue is broken", count);
      return false;
    }
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) complete(entries[i].op_context, entries[i].len);
    *moved = true;
    taken += static_cast<int>(count);
  }
  return true;
}

void OfiComm::on_error() {
  fi_cq_err_entry error{};
  if (fi_cq_readerr(endpoint_->end.completions.get(), &error, 0) != 1) return;
  if (error.op_context == nullptr) {
    fail("the provider reports an error", error.err);
    return;
  }
  OfiRequest* request = static_cast<Context*>(static_cast<fi_context2*>(error.op_context))->request;
  if (request->cancelled && error.err == FI_ECANCELED) {
    request->state = OfiRequest::State::kWaiting;
    return;
  }
  const int number = std::abs(error.err);  // the provider shm negates it
  if (number == FI_ETRUNC || number == FI_EMSGSIZE) {
    // How long it is, providers do not tell.
    broken_ = {HAWSER_TRUNCATED, "comm over " + domain_->name() + " to " + peer_address() +
                                     ": a longer message came for a receive of " + std::to_string(request->bytes)};
    return;
  }
  request->state = OfiRequest::State::kFailed;
  if (request->sending) {
    end(failure("a send failed", error.err));
  } else {
    fail("a receive failed", error.err);
  }
}

Status OfiComm::progress(bool* moved) {
  *moved = false;
  if (!broken_.ok()) return broken_;
  give(receives_);
  give(sends_);
  if (broken_.ok() && read_queue(moved) && waiting()) {
    give(receives_);
    give(sends_);
  }
  if (broken_.ok()) watch_end(*moved);
  return broken_;
}

void OfiComm::watch_end(bool moved) {
  if (!armed_) side_.expect_input();
  if (ended_at_ == 0 && side_.ready()) {
    if (Status status = side_.progress(); !status.ok()) end(std::move(status));
  }
  if (ended_at_ == 0) return;
  if (moved) ended_at_ = now();
  if (now() - ended_at_ > kEndGrace) broken_ = end_;
}

void OfiComm::end(Status how) {
  if (ended_at_ != 0) return;
  end_ = std::move(how);
  ended_at_ = now();
}

bool OfiComm::writable() const { return backlog_ < kBacklogBytes && sends_.requests.size() < kRequests / 2; }

// ------------------------------------------------------------------------------------------------ detached buffers

void OfiComm::settle(const OfiRequest& request) {
  const Nanos deadline = now() + kDetachLimit;
  bool moved = false;
  while (request.state == OfiRequest::State::kPosted && broken_.ok() && now() < deadline) read_queue(&moved);
  expected_ = true;
}

// The request goes on with a buffer of its own, under the same tag.
void OfiComm::take_over(OfiRequest& request) {
  request.own_data = std::make_unique_for_overwrite<std::byte[]>(std::max<size_t>(request.bytes, 1));
  if (request.sending && request.bytes > 0) std::memcpy(request.own_data.get(), request.data, request.bytes);
  request.data = request.own_data.get();
  request.memory = nullptr;
  request.own_memory.reset();
}

void OfiComm::detach(Request* request) {
  auto* mine = static_cast<OfiRequest*>(request);
  const auto free = [mine] {
    return mine->state == OfiRequest::State::kDone || mine->state == OfiRequest::State::kFailed;
  };
  if (free() || mine->own_data != nullptr) return;
  if (mine->state == OfiRequest::State::kPosted && broken_.ok()) {
    if (!mine->sending) {
      mine->cancelled = true;
      fi_cancel(&endpoint_->end.endpoint->fid, &mine->context);
    }
    settle(*mine);
    if (free()) return;
    if (mine->state == OfiRequest::State::kPosted) fail("the provider does not let go of a buffer", -FI_ECANCELED);
  }
  if (!broken_.ok()) {
    shut();
    return;
  }
  const bool again = mine->cancelled;
  mine->cancelled = false;
  take_over(*mine);
  if (again && !post(*mine) && broken_.ok()) fail("the provider does not take a receive again", -FI_EAGAIN);
}

// ------------------------------------------------------------------------------------------------

Status OfiComm::check_alive(Nanos silence) {
  if (!broken_.ok()) return broken_;
  if (ended_at_ != 0) return {};  // progress() tells, once nothing more comes
  if (Status status = side_.check_alive(silence); !status.ok()) {
    // The peer's kernel is silent: there is nothing to wait for. Gone in good order, it may have said something.
    if (status.sys_errno() == ETIMEDOUT) return broken_ = std::move(status);
    end(std::move(status));
    return {};
  }
  const Nanos patience = kStalledSilences * silence + static_cast<Nanos>(backlog_) * kNanosPerByteAtLeast;
  if (backlog_ > 0 && side_.heard_at() - moved_at_ > patience)
    fail("the peer is at work but nothing arrives", -FI_ETIMEDOUT);
  return broken_;
}

Status OfiComm::register_memory(void* address, size_t bytes, int kind, Memory** out) {
  *out = nullptr;
  if (kind != HAWSER_MEMORY_HOST) {
    return {HAWSER_UNSUPPORTED, "the ofi transport sends and receives host memory only: stage device memory in it"};
  }
  if (!domain_->wants_registration()) return {};
  std::unique_ptr<OfiMemory> memory;
  if (Status status = domain_->register_memory(*endpoint_, address, bytes, &memory); !status.ok()) return status;
  *out = memory.get();
  memories_.push_back(std::move(memory));
  return {};
}

void OfiComm::deregister_memory(Memory* memory) {
  std::erase_if(memories_, [memory](const auto& mine) { return mine.get() == memory; });
}

Status OfiComm::failure(const std::string& what, int64_t returned) const {
  const int error = static_cast<int>(returned < 0 ? -returned : returned);
  return {HAWSER_LANE_LOST,
          "comm to " + peer_address() + " over " + domain_->failed(HAWSER_LANE_LOST, what, returned).text(), error};
}

void OfiComm::fail(const std::string& what, int64_t returned) { broken_ = failure(what, returned); }

}  // namespace hawser
