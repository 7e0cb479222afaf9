#include "port/control.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "port/watches.h"

namespace hawser::port {

namespace {

constexpr uint32_t kMostBytes = 64 * 1024;
constexpr size_t kRead = 4096;

}  // namespace

bool await_ready(int fd, short events, Nanos deadline) {
  for (;;) {
    const Nanos left = deadline - now();
    if (left <= 0) return false;
    pollfd ready{fd, events, 0};
    const int millis = static_cast<int>(std::min<Nanos>(left / kMillisecond + 1, 60'000));
    if (::poll(&ready, 1, millis) > 0) return true;
  }
}

// What the poller knows: it outlives its Control until no round can name it.
class Control::Watch : public PollTarget {
 public:
  Watch(Control* control, ControlListener* listener) : control_(control), listener_(listener) {}

  void on_ready(uint32_t) override {
    const std::scoped_lock lock(mutex_);
    if (control_ != nullptr) control_->read_farewell(*listener_);
  }
  void detach() {
    const std::scoped_lock lock(mutex_);
    control_ = nullptr;
  }

 private:
  // Recursive: who is told of the end may let the Control go.
  std::recursive_mutex mutex_;
  Control* control_;
  ControlListener* listener_;
};

Control::Control(SecureSocket socket, Origin peer, bool initiator)
    : socket_(std::move(socket)), peer_(std::move(peer)), initiator_(initiator) {}

Control::~Control() { unwatch(); }

Status Control::send(const Writer& message, Nanos deadline) {
  Writer framed;
  framed.put_all(message);
  const std::vector<uint8_t>& bytes = framed.bytes();
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = [&] {
      const std::scoped_lock lock(socket_mutex_);
      return socket_.send(bytes.data() + sent, bytes.size() - sent);
    }();
    if (count >= 0) {
      sent += static_cast<size_t>(count);
    } else if (errno != EAGAIN && errno != EINTR) {
      return Status::from_errno(HAWSER_LINK_FAILED, peer_.name() + " is gone").of_rank(peer_.rank);
    } else if (!await_ready(socket_.fd(), POLLOUT, deadline)) {
      return Status(HAWSER_TIMEOUT, peer_.name() + " does not read what it is told at set-up").of_rank(peer_.rank);
    }
  }
  return {};
}

// Until the inbox has so many bytes.
Status Control::fill(size_t bytes, Nanos deadline) {
  while (inbox_.size() < bytes) {
    uint8_t buffer[kRead];
    const ssize_t count = [&] {
      const std::scoped_lock lock(socket_mutex_);
      return socket_.receive(buffer, std::min(kRead, bytes - inbox_.size()));
    }();
    if (count > 0) {
      inbox_.insert(inbox_.end(), buffer, buffer + count);
    } else if (count == 0) {
      return Status(HAWSER_LINK_FAILED, peer_.name() + " left during set-up").of_rank(peer_.rank);
    } else if (errno != EAGAIN && errno != EINTR) {
      return Status::from_errno(HAWSER_LINK_FAILED, peer_.name() + " is gone").of_rank(peer_.rank);
    } else if (!await_ready(socket_.fd(), POLLIN, deadline)) {
      return Status(HAWSER_TIMEOUT, peer_.name() + " did not answer in time: is it in connect, too?")
          .of_rank(peer_.rank);
    }
  }
  return {};
}

Status Control::receive(std::vector<uint8_t>* message, Nanos deadline) {
  if (Status status = fill(sizeof(uint32_t), deadline); !status.ok()) return status;
  const uint32_t bytes = Reader(inbox_.data(), inbox_.size()).get<uint32_t>();
  if (bytes > kMostBytes) return {HAWSER_REFUSED, peer_.name() + " does not speak the ports' protocol"};
  if (Status status = fill(sizeof(uint32_t) + bytes, deadline); !status.ok()) return status;
  message->assign(inbox_.begin() + sizeof(uint32_t), inbox_.end());
  inbox_.clear();
  return {};
}

Status Control::watch(Watches& watches, ControlListener* listener) {
  watches_ = &watches;
  watch_ = std::make_unique<Watch>(this, listener);
  // What TLS has decrypted ahead is in no socket: that it can be written to brings the first look.
  const uint32_t first_look = socket_.encrypted() ? uint32_t{EPOLLOUT} : 0;
  return watches.add(socket_.fd(), EPOLLIN | EPOLLRDHUP | EPOLLET | first_look, watch_.get());
}

void Control::unwatch() {
  if (watch_ == nullptr) return;
  watch_->detach();
  watches_->remove(socket_.fd(), std::move(watch_));
}

void Control::say_goodbye(const Status& why) {
  Writer farewell;
  farewell.put(why.code());
  farewell.put_text(why.text());
  (void)send(farewell, 0);
}

// Whatever comes now is the end: a farewell, or the socket's own.
void Control::read_farewell(ControlListener& listener) {
  std::vector<uint8_t> message;
  const Status status = receive(&message, 0);
  if (status.code() == HAWSER_TIMEOUT) return;
  if (status.ok()) {
    Reader farewell(message.data(), message.size());
    const auto code = farewell.get<int32_t>();
    const std::string text = farewell.get_text();
    if (farewell.ok() && code < 0) {
      listener.on_peer_gone(Status(code, text).of_rank(peer_.rank));
      return;
    }
  }
  listener.on_cut_off(Status(HAWSER_LINK_FAILED, peer_.name() + " died or was cut off").of_rank(peer_.rank));
}

}  // namespace hawser::port
