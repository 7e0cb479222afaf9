#include "net/socket/comm.h"

#include <cstring>
#include <limits>

namespace hawser {

SocketComm::SocketComm(std::vector<SecureSocket> connections, const TransportOptions& options) {
  for (SecureSocket& connection : connections) {
    const bool framed = streams_.empty();
    streams_.push_back(std::make_unique<SocketStream>(std::move(connection), framed, options.zerocopy));
  }
}

Status SocketComm::arm(Poller& poller) {
  for (const auto& stream : streams_) {
    if (Status armed = stream->arm(poller); !armed.ok()) return armed;
  }
  return {};
}

Status SocketComm::isend(const void* data, size_t bytes, Memory*, Request** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  if (bytes > std::numeric_limits<uint32_t>::max()) {
    return {HAWSER_INVALID_ARGUMENT, "a message of " + std::to_string(bytes) + " bytes is longer than 4 GiB - 1"};
  }
  if (sends_.full()) return {};
  SocketRequest& request = sends_.push();
  request.bytes = bytes;
  request.sending = true;
  request.frame = {static_cast<uint32_t>(bytes), kFrameMagic};
  request.pending = 0;
  for (size_t i = 0; i < streams_.size(); ++i) {
    const Slice slice = slice_of(bytes, streams_.size(), i);
    if (i > 0 && slice.bytes == 0) break;
    ++request.pending;
    streams_[i]->queue_send(&request, static_cast<const std::byte*>(data) + slice.offset, slice.bytes, i == 0);
  }
  request.data = static_cast<std::byte*>(const_cast<void*>(data));
  *out = &request;
  return {};
}

Status SocketComm::irecv(void* data, size_t bytes, Memory*, Request** out) {
  *out = nullptr;
  if (!broken_.ok()) return broken_;
  if (receives_.full()) return {};
  SocketRequest& request = receives_.push();
  request.data = static_cast<std::byte*>(data);
  request.bytes = bytes;
  request.sending = false;
  request.pending = 1;  // its frame
  *out = &request;
  // It may have arrived already, whole even.
  bool moved = false;
  return take_frames(&moved) ? Status() : broken_;
}

bool SocketComm::test(Request* request, size_t* bytes) {
  auto* mine = static_cast<SocketRequest*>(request);
  Requests& ring = mine->sending ? sends_ : receives_;
  if (mine->pending > 0 || mine != &ring.front()) return false;
  *bytes = mine->bytes;
  mine->copy.reset();
  ring.pop();
  if (!mine->sending) --bound_;
  return true;
}

Status SocketComm::progress(bool* moved) {
  *moved = false;
  if (!broken_.ok()) return broken_;
  if (handle_errors() && receive(moved)) send(moved);
  return broken_;
}

bool SocketComm::handle_errors() {
  for (const auto& stream : streams_) {
    if (stream->has_errors() && !stream->handle_errors()) return broken_by(*stream);
  }
  return true;
}

bool SocketComm::receive(bool* moved) {
  if (!take_frames(moved)) return false;
  for (const auto& stream : streams_) {
    if (!read(*stream, moved)) return false;
  }
  return true;
}

bool SocketComm::read(SocketStream& stream, bool* moved) {
  constexpr size_t kShareBytes = 1024 * 1024;
  for (size_t share = kShareBytes; stream.can_read(expecting());) {
    size_t got = 0;
    if (!stream.read(&got)) return broken_by(stream);
    if (got == 0) return true;
    *moved = true;
    if (&stream == &first() && !take_frames(moved)) return false;
    if (got >= share) return true;
    share -= got;
  }
  return true;
}

bool SocketComm::take_frames(bool* moved) {
  FrameWire frame;
  while (expecting() && first().take_frame(&frame)) {
    *moved = true;
    SocketRequest& request = receives_.at(bound_++);
    if (!bind(&request, frame)) return false;
  }
  return true;
}

bool SocketComm::bind(SocketRequest* request, const FrameWire& frame) {
  if (frame.magic != kFrameMagic) {
    broken_ = first().fail("the stream is garbled: no frame where one must be", 0);
    return false;
  }
  if (frame.bytes > request->bytes) {
    broken_ = {HAWSER_TRUNCATED, "connection " + first().local() + " to " + first().peer() + ": a message of " +
                                     std::to_string(frame.bytes) + " bytes came for a receive of " +
                                     std::to_string(request->bytes)};
    return false;
  }
  request->bytes = frame.bytes;
  request->pending = 0;
  for (size_t i = 0; i < streams_.size(); ++i) {
    const Slice slice = slice_of(frame.bytes, streams_.size(), i);
    if (slice.bytes == 0) break;
    ++request->pending;
    std::byte* place = request->data == nullptr ? nullptr : request->data + slice.offset;
    streams_[i]->queue_receive(request, place, slice.bytes);
  }
  return true;
}

void SocketComm::send(bool* moved) {
  for (const auto& stream : streams_) {
    if (stream->can_write() && !stream->write(moved)) broken_by(*stream);
  }
}

bool SocketComm::broken_by(const SocketStream& stream) {
  broken_ = stream.failure();
  return false;
}

void SocketComm::detach(Request* request) {
  auto* mine = static_cast<SocketRequest*>(request);
  if (mine->sending) {
    detach_send(mine);
    return;
  }
  mine->data = nullptr;
  for (const auto& stream : streams_) stream->drop(mine);
}

void SocketComm::detach_send(SocketRequest* request) {
  if (request->zerocopies > 0) {
    broken_ = first().fail("a send was taken back that the kernel was reading without a copy", ECANCELED);
    for (const auto& stream : streams_) stream->abort();
    return;
  }
  if (request->pending == 0 || request->bytes == 0 || request->copy != nullptr) return;
  request->copy = std::make_unique_for_overwrite<std::byte[]>(request->bytes);
  std::memcpy(request->copy.get(), request->data, request->bytes);
  for (const auto& stream : streams_) stream->redirect(request, request->data, request->copy.get());
}

bool SocketComm::writable() const {
  for (const auto& stream : streams_) {
    if (!stream->drained()) return false;
  }
  return true;
}

bool SocketComm::ready() const {
  if (expecting() && first().frame_staged()) return true;
  for (const auto& stream : streams_) {
    if (stream->can_write() || stream->has_errors() || stream->can_read(expecting())) return true;
  }
  return false;
}

void SocketComm::expect_input() {
  for (const auto& stream : streams_) stream->expect_input();
}

Status SocketComm::check_alive(Nanos silence) {
  if (!broken_.ok()) return broken_;
  for (const auto& stream : streams_) {
    if (Status alive = stream->check_alive(silence); !alive.ok()) return broken_ = alive;
  }
  return {};
}

Status SocketComm::vouch(int rank) const {
  for (const auto& stream : streams_) {
    if (Status status = stream->vouch(rank); !status.ok()) return status;
  }
  return {};
}

Status SocketComm::register_memory(void*, size_t, int kind, Memory** out) {
  *out = nullptr;
  if (kind != HAWSER_MEMORY_HOST) {
    return {HAWSER_UNSUPPORTED, "the socket transport sends and receives host memory only: stage device memory in it"};
  }
  return {};
}

void SocketComm::deregister_memory(Memory*) {}

std::string SocketComm::local_address() const { return first().local(); }

std::string SocketComm::peer_address() const { return first().peer(); }

}  // namespace hawser
