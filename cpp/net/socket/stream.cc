#include "net/socket/stream.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/socket/address.h"

namespace hawser {
namespace {

constexpr size_t kStagingBytes = 4096;
constexpr size_t kSinkBytes = 64 * 1024;
// One connection's share of a round, so that the other lanes get their turn.
constexpr size_t kShareBytes = 1024 * 1024;
constexpr size_t kLongRest = 16 * 1024;
constexpr size_t kWakeBytes = 128 * 1024;
constexpr size_t kLargestRecord = 17 * 1024;  // of TLS
constexpr size_t kVectors = 32;
constexpr uint8_t kUnansweredProbes = 3;  // the first three take about 1.5 s
constexpr uint8_t kStateClosed = 7;       // TCP_CLOSE of netinet/tcp.h, which cannot stand beside linux/tcp.h

}  // namespace

struct SocketStream::Gathered {
  // Left as it is until used: clearing it would cost more than filling it.
  std::array<iovec, kVectors> vectors;
  size_t count = 0;
  size_t bytes = 0;
  bool zerocopy = false;

  void add(const void* data, size_t length) {
    vectors[count++] = {const_cast<void*>(data), length};
    bytes += length;
  }
  msghdr message() {
    msghdr header{};
    header.msg_iov = vectors.data();
    header.msg_iovlen = count;
    return header;
  }
};

SocketStream::SocketStream(SecureSocket socket, bool staged, uint32_t zerocopy)
    : socket_(std::move(socket)),
      staging_(staged ? std::make_unique<std::byte[]>(kStagingBytes) : nullptr),
      // What is encrypted is copied in any case.
      zerocopy_(socket_.fd(), socket_.encrypted() ? uint32_t{HAWSER_OFF} : zerocopy),
      local_(SocketAddress::local_of(socket_.fd()).text()),
      peer_(SocketAddress::peer_of(socket_.fd()).text()) {}

SocketStream::~SocketStream() {
  // Pages that the kernel still reads may soon hold something else: none of it may leave.
  if (zerocopy_.outstanding()) abort();
  if (poller_ != nullptr && socket_.valid()) poller_->remove(socket_.fd());
}

void SocketStream::abort() {
  if (!socket_.valid()) return;
  if (poller_ != nullptr) poller_->remove(socket_.fd());
  const linger at_once{1, 0};
  setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

Status SocketStream::arm(Poller& poller) {
  Status added = poller.add(socket_.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  if (added.ok()) poller_ = &poller;
  return added;
}

void SocketStream::on_ready(uint32_t events) {
  if ((events & EPOLLIN) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0) writable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) readable_ = hung_up_ = true;
  if ((events & EPOLLERR) != 0) errors_ = true;
}

void SocketStream::queue_send(SocketRequest* request, const std::byte* data, size_t bytes, bool framed) {
  sends_.push() = {request, framed ? sizeof(FrameWire) : 0, data, bytes};
}

void SocketStream::queue_receive(SocketRequest* request, std::byte* data, size_t bytes) {
  const size_t ready = std::min(bytes, staged());
  if (data != nullptr && ready > 0) {
    std::memcpy(data, staging_.get() + staged_begin_, ready);
    data += ready;
  }
  staged_begin_ += ready;
  if (ready == bytes) {
    --request->pending;
    return;
  }
  receives_.push() = {request, data, bytes - ready};
  if (data == nullptr) drop(request);
}

bool SocketStream::take_frame(FrameWire* out) {
  if (!frame_staged()) return false;
  std::memcpy(out, staging_.get() + staged_begin_, sizeof *out);
  staged_begin_ += sizeof *out;
  return true;
}

// Pieces for zero copy go alone: the flag is the whole call's, and their notification is one request's.
void SocketStream::gather_sends(Gathered* out) {
  for (uint32_t i = 0; i < sends_.size() && out->count + 2 <= kVectors && out->bytes < kShareBytes; ++i) {
    const SendPiece& piece = sends_.at(i);
    const bool alone = zerocopy_.wants(piece.left);
    if (alone && i > 0) return;
    if (piece.frame_left > 0) {
      const auto* end = reinterpret_cast<const std::byte*>(&piece.request->frame) + sizeof(FrameWire);
      out->add(end - piece.frame_left, piece.frame_left);
    }
    if (piece.left > 0) out->add(piece.data, std::min(piece.left, kShareBytes));
    out->zerocopy = alone;
    if (alone || piece.left > kShareBytes) return;
  }
}

void SocketStream::consume_sends(size_t bytes) {
  while (bytes > 0) {
    SendPiece& piece = sends_.front();
    const size_t frame = std::min(bytes, piece.frame_left);
    const size_t data = std::min(bytes - frame, piece.left);
    piece.frame_left -= frame;
    piece.data += data;
    piece.left -= data;
    bytes -= frame + data;
    if (piece.frame_left + piece.left > 0) return;
    --piece.request->pending;
    sends_.pop();
  }
}

bool SocketStream::write(bool* moved) {
  for (size_t share = kShareBytes; can_write() && share > 0;) {
    Gathered gathered;
    gather_sends(&gathered);
    const msghdr message = gathered.message();
    ssize_t sent = socket_.send(message, gathered.zerocopy ? MSG_ZEROCOPY : 0);
    if (sent < 0 && errno == ENOBUFS && gathered.zerocopy) {
      // Too many pages are pinned at present: this one is copied.
      gathered.zerocopy = false;
      sent = socket_.send(message, 0);
    }
    if (sent < 0) {
      if (errno == EINTR) continue;
      writable_ = false;
      if (errno == EAGAIN) return true;
      // What a peer said before it left is still to be read; behind it reading finds the end.
      if (staging_ != nullptr && (errno == EPIPE || errno == ECONNRESET)) {
        end_reason_ = errno;
        readable_ = hung_up_ = true;
        return true;
      }
      failure_ = fail("cannot send", errno);
      return false;
    }
    *moved = true;
    const auto bytes = static_cast<size_t>(sent);
    if (gathered.zerocopy) zerocopy_.sent(sends_.front().request);
    consume_sends(bytes);
    share -= std::min(share, bytes);
    // The kernel took less than it was given: it has no room, and EPOLLOUT tells when it has.
    if (bytes < gathered.bytes) writable_ = false;
  }
  return true;
}

void SocketStream::gather_receives(Gathered* out) {
  bool whole = true;
  for (uint32_t i = 0; i < receives_.size() && out->count + 1 < kVectors && whole; ++i) {
    const ReceivePiece& piece = receives_.at(i);
    const size_t most = piece.data == nullptr ? kSinkBytes : kShareBytes;
    out->add(piece.data == nullptr ? sink_.get() : piece.data, std::min(piece.left, most));
    whole = piece.left <= most && out->bytes < kShareBytes;
  }
  if (!whole || staging_ == nullptr) return;
  // What is still staged is the beginning of a frame, or nothing.
  std::memmove(staging_.get(), staging_.get() + staged_begin_, staged());
  staged_end_ -= staged_begin_;
  staged_begin_ = 0;
  out->add(staging_.get() + staged_end_, kStagingBytes - staged_end_);
}

void SocketStream::consume_receives(size_t bytes) {
  while (bytes > 0 && !receives_.empty()) {
    ReceivePiece& piece = receives_.front();
    const size_t part = std::min(bytes, piece.left);
    if (piece.data != nullptr) piece.data += part;
    piece.left -= part;
    bytes -= part;
    if (piece.left > 0) return;
    --piece.request->pending;
    receives_.pop();
  }
  staged_end_ += bytes;
}

void SocketStream::await_more() {
  readable_ = false;
  // In the middle of a long message each segment would wake the driver for little: it is woken for a good part of the
  // message, or the rest of it. The end of the stream and a full buffer wake it all the same.
  size_t rest = receives_.empty() ? 0 : receives_.front().left;
  // A good part of the record in front may have left the socket already.
  if (socket_.encrypted()) rest -= std::min(rest, kLargestRecord);
  const size_t wanted = rest < kLongRest ? 1 : std::min(rest, kWakeBytes);
  if (wanted == wake_bytes_) return;
  wake_bytes_ = wanted;
  const int bytes = static_cast<int>(wanted);
  setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

bool SocketStream::read(size_t* got) {
  *got = 0;
  Gathered gathered;
  gather_receives(&gathered);
  msghdr message = gathered.message();
  ssize_t count = socket_.receive(&message);
  while (count < 0 && errno == EINTR) count = socket_.receive(&message);
  if (count > 0) {
    *got = static_cast<size_t>(count);
    consume_receives(*got);
    // Less than asked for: all was taken, and the next arrival is a new edge. The end of the stream is not: its edge
    // may have come already.
    if (*got < gathered.bytes && !hung_up_ && !socket_.ended()) await_more();
    return true;
  }
  if (count < 0 && errno == EAGAIN) {
    await_more();
    return true;
  }
  const int reason = count < 0 ? errno : end_reason_;
  const bool inside = !receives_.empty() || staged() > 0;
  failure_ = fail(inside ? "the peer closed it in the middle of a message" : "the peer closed it", reason);
  return false;
}

bool SocketStream::handle_errors() {
  errors_ = false;
  if (zerocopy_.outstanding()) {
    zerocopy_.reap(socket_.fd());
  } else {
    readable_ = true;  // reading tells what broke
  }
  // A connection that waits for nothing would not notice a reset by reading.
  if (staging_ != nullptr || !receives_.empty()) return true;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) failure_ = fail("the connection broke", error);
  return error == 0;
}

void SocketStream::drop(const SocketRequest* request) {
  for (uint32_t i = 0; i < receives_.size(); ++i) {
    ReceivePiece& piece = receives_.at(i);
    if (piece.request != request) continue;
    piece.data = nullptr;
    if (sink_ == nullptr) sink_ = std::make_unique<std::byte[]>(kSinkBytes);
  }
}

void SocketStream::redirect(const SocketRequest* request, const std::byte* original, const std::byte* copy) {
  for (uint32_t i = 0; i < sends_.size(); ++i) {
    if (SendPiece& piece = sends_.at(i); piece.request == request) piece.data = copy + (piece.data - original);
  }
}

Status SocketStream::check_alive(Nanos silence) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(socket_.fd(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return {};
  if (info.tcpi_state == kStateClosed) return failure_ = fail("the connection has ended", end_reason_);
  const bool window_closed = length > offsetof(tcp_info, tcpi_snd_wnd) && info.tcpi_snd_wnd == 0;
  // Nothing under way, or the peer's kernel said itself that it takes nothing at present: it answers probes all the
  // same.
  if (info.tcpi_unacked == 0 || window_closed) {
    acked_since_ = 0;
    if (info.tcpi_probes < kUnansweredProbes) return {};
    return failure_ = fail("the peer's kernel answers no probes", ETIMEDOUT);
  }
  const Nanos time = now();
  if (acked_since_ == 0 || info.tcpi_bytes_acked != acked_) {
    acked_ = info.tcpi_bytes_acked;
    acked_since_ = time;
    return {};
  }
  // Acknowledgements that move nothing (gaps, probes) are a sign of life too.
  const Nanos since_last_ack = info.tcpi_last_ack_recv * kMillisecond;
  if (time - acked_since_ < silence || since_last_ack < silence) return {};
  failure_ = fail("the peer's kernel has acknowledged nothing for " +
                      std::to_string(std::min(since_last_ack, time - acked_since_) / kMillisecond) + " ms",
                  ETIMEDOUT);
  return failure_;
}

Status SocketStream::fail(const std::string& what, int sys_errno) {
  const std::string text = "connection " + local_ + " to " + peer_ + ": " + what;
  return socket_.explain(HAWSER_LANE_LOST, text, sys_errno);
}

}  // namespace hawser
