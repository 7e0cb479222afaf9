#include "net/fault/transport.h"

#include <cerrno>

#include "net/fault/comm.h"

namespace hawser {

namespace {

using Board = std::shared_ptr<FaultBoard>;

Status refused() { return {HAWSER_LANE_LOST, "injected: the connection does not come about", EHOSTUNREACH}; }

std::unique_ptr<Comm> with_faults(std::unique_ptr<Comm> comm, const Board& board, LaneFaults& faults) {
  if (comm == nullptr) return nullptr;
  return std::make_unique<FaultComm>(std::move(comm), board, faults);
}

class FaultListener : public ListenComm {
 public:
  FaultListener(std::unique_ptr<ListenComm> inner, Board board, LaneFaults& faults)
      : inner_(std::move(inner)), board_(std::move(board)), faults_(faults) {}

  Status accept(std::unique_ptr<Comm>* out) override {
    out->reset();
    if (LaneFaults::lasts(faults_.silent_until)) return {};
    std::unique_ptr<Comm> comm;
    Status status = inner_->accept(&comm);
    // The connector sees a connection that ends before its hello.
    if (comm != nullptr && LaneFaults::take(faults_.refused_connects)) return {};
    *out = with_faults(std::move(comm), board_, faults_);
    return status;
  }
  int fd() const override { return inner_->fd(); }
  uint64_t strangers() const override { return inner_->strangers(); }

 private:
  std::unique_ptr<ListenComm> inner_;
  Board board_;
  LaneFaults& faults_;
};

class FaultConnector : public Connector {
 public:
  FaultConnector(std::unique_ptr<Connector> inner, Board board, LaneFaults& faults)
      : inner_(std::move(inner)), board_(std::move(board)), faults_(faults) {}

  Status poll(std::unique_ptr<Comm>* out) override {
    out->reset();
    if (LaneFaults::lasts(faults_.silent_until)) return {};
    std::unique_ptr<Comm> comm;
    Status status = inner_->poll(&comm);
    *out = with_faults(std::move(comm), board_, faults_);
    return status;
  }
  int fd() const override { return inner_->fd(); }

 private:
  std::unique_ptr<Connector> inner_;
  Board board_;
  LaneFaults& faults_;
};

}  // namespace

Status FaultTransport::listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) {
  const size_t lane = listened_++;
  LaneFaults& planned = board_->lane(lane);
  if (LaneFaults::take(planned.refused_listens)) {
    return {HAWSER_IO, "injected: the device does not listen", EADDRNOTAVAIL};
  }
  std::unique_ptr<ListenComm> listener;
  if (Status status = inner_.listen(device, handle, &listener); !status.ok()) return status;
  LaneFaults& faults = board_->listening(lane, *handle);
  faults.device.store(device, std::memory_order_relaxed);
  *out = std::make_unique<FaultListener>(std::move(listener), board_, faults);
  return {};
}

Status FaultTransport::connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) {
  LaneFaults& faults = board_->connecting(handle);
  faults.device.store(device, std::memory_order_relaxed);
  if (LaneFaults::take(faults.refused_connects)) return refused();
  std::unique_ptr<Connector> connector;
  if (Status status = inner_.connect(device, handle, &connector); !status.ok()) return status;
  *out = std::make_unique<FaultConnector>(std::move(connector), board_, faults);
  return {};
}

}  // namespace hawser
