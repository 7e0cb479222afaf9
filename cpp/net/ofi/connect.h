// How two ends of a lane over libfabric meet: by a TCP connection that proves the connector, as the socket transport
// does it, over which they tell each other their endpoints' addresses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "net/ofi/comm.h"
#include "net/ofi/wire.h"

namespace hawser {

// Two ends that have a side connection and no comm yet.
class OfiMeeting {
 public:
  OfiMeeting(std::shared_ptr<OfiDomain> domain, std::unique_ptr<Comm> side, bool connects)
      : domain_(std::move(domain)), side_(std::move(side)), connects_(connects) {}

  // The comm once messages pass, null before, or why they cannot meet.
  Status step(std::unique_ptr<Comm>* out);

 private:
  Status begin();
  Status exchange();
  Status understand(OfiPeer* peer) const;
  Status open();

  std::shared_ptr<OfiDomain> domain_;
  std::unique_ptr<Comm> side_;  // the comm's once there is one
  bool connects_;
  bool begun_ = false;
  std::shared_ptr<OfiEndpoint> endpoint_;
  OfiMeetingWire mine_{};
  OfiMeetingWire theirs_{};
  Request* out_ = nullptr;
  Request* in_ = nullptr;
  std::unique_ptr<OfiComm> comm_;
  Request* first_ = nullptr;
};

class OfiListener : public ListenComm {
 public:
  OfiListener(std::shared_ptr<OfiDomain> domain, std::unique_ptr<ListenComm> sockets)
      : domain_(std::move(domain)), sockets_(std::move(sockets)) {}

  Status open();
  Status accept(std::unique_ptr<Comm>* out) override;
  int fd() const override { return epoll_.get(); }
  uint64_t strangers() const override { return sockets_->strangers() + dropped_; }

 private:
  struct Guest {
    std::unique_ptr<OfiMeeting> meeting;
    Nanos deadline = 0;
  };

  void tick(bool on);

  std::shared_ptr<OfiDomain> domain_;
  std::unique_ptr<ListenComm> sockets_;
  UniqueFd timer_;  // ticks while somebody is being met: a side connection cannot tell this listener's poller
  UniqueFd epoll_;
  std::vector<Guest> guests_;
  uint64_t dropped_ = 0;
};

class OfiConnector : public Connector {
 public:
  OfiConnector(std::shared_ptr<OfiDomain> domain, std::unique_ptr<Connector> sockets)
      : domain_(std::move(domain)), sockets_(std::move(sockets)) {}

  Status poll(std::unique_ptr<Comm>* out) override;
  int fd() const override { return meeting_ == nullptr ? sockets_->fd() : -1; }

 private:
  std::shared_ptr<OfiDomain> domain_;
  std::unique_ptr<Connector> sockets_;
  std::unique_ptr<OfiMeeting> meeting_;
};

}  // namespace hawser
