// A lane over libfabric: tagged messages between two RDM endpoints of one comm each. The n-th message of a direction
// has the n-th tag, so that it meets the n-th receive whatever order the provider keeps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/fixed_ring.h"
#include "net/ofi/domain.h"
#include "net/ofi/side.h"

namespace hawser {

// What two ends tell each other of themselves.
struct OfiPeer {
  std::vector<unsigned char> address;
  uint64_t tag = 0;  // the tags of what this end receives, its upper bits
};

class OfiComm : public Comm, private PollTarget {
 public:
  static constexpr uint32_t kRequests = 64;  // a direction
  static constexpr int kTagShift = 32;

  // `endpoint` was opened on `domain`; messages to this end bear `tag`.
  OfiComm(std::shared_ptr<OfiDomain> domain, std::shared_ptr<OfiEndpoint> endpoint, std::unique_ptr<Comm> side,
          uint64_t tag);
  // Lets what was sent leave, for a short while, then ends everything.
  ~OfiComm() override;

  // Once, before anything else.
  Status address(const OfiPeer& peer);

  Status isend(const void* data, size_t bytes, Memory* memory, Request** out) override;
  Status irecv(void* data, size_t bytes, Memory* memory, Request** out) override;
  bool test(Request* request, size_t* bytes) override;
  bool is_leaving(const Request* request) const override;
  Status progress(bool* moved) override;
  void detach(Request* request) override;
  bool writable() const override;
  bool ready() const override { return expected_ || side_.ready(); }
  bool needs_polling() const override;
  void expect_input() override { expected_ = true; }
  Status arm(Poller& poller) override;
  Status check_alive(Nanos silence) override;
  Status register_memory(void* address, size_t bytes, int kind, Memory** out) override;
  void deregister_memory(Memory* memory) override;
  std::string local_address() const override { return side_.local(); }
  std::string peer_address() const override { return side_.peer(); }

 private:
  struct OfiRequest;
  struct Context : fi_context2 {
    OfiRequest* request;
  };
  struct OfiRequest : Request {
    // kFailed: the provider is through with it, but its message is lost and so is the comm, soon.
    enum class State : uint8_t { kWaiting, kPosted, kDone, kFailed } state = State::kWaiting;
    bool sending = false;
    bool cancelled = false;
    bool told = false;  // by test(): it is gone once those before it are
    void* data = nullptr;
    size_t bytes = 0;  // a receive's capacity until it is done, then the message's length
    uint64_t tag = 0;
    Memory* memory = nullptr;               // the caller's
    std::unique_ptr<OfiMemory> own_memory;  // a registration for this request alone
    std::unique_ptr<std::byte[]> own_data;  // in place of a detached buffer
    Context context{};                      // the provider's while the request is posted
  };
  // Requests in order; the first `given` of them were given to the provider.
  struct Queue {
    FixedRing<OfiRequest, kRequests> requests;
    uint32_t given = 0;
    uint64_t next_tag = 0;
  };

  void on_ready(uint32_t) override { expected_ = true; }

  Status accept(Queue& queue, bool sending, const void* data, size_t bytes, Memory* memory, Request** out);
  void give(Queue& queue);
  bool post(OfiRequest& request);
  bool read_queue(bool* moved);
  void complete(void* context, size_t bytes);
  void on_error();
  void watch_end(bool moved);
  void settle(const OfiRequest& request);
  void take_over(OfiRequest& request);
  Status failure(const std::string& what, int64_t returned) const;
  void fail(const std::string& what, int64_t returned);
  // The peer has gone, it seems: what it said before is still taken.
  void end(Status how);
  void shut();
  bool waiting() const { return sends_.given < sends_.requests.size() || receives_.given < receives_.requests.size(); }

  std::shared_ptr<OfiDomain> domain_;
  std::shared_ptr<OfiEndpoint> endpoint_;   // null once it was shut
  std::shared_ptr<OfiEndpoint> neighbour_;  // the peer's, where it must outlive what is sent to it
  OfiSide side_;
  Poller* poller_ = nullptr;
  fi_addr_t peer_ = FI_ADDR_UNSPEC;
  Queue sends_;
  Queue receives_;
  size_t backlog_ = 0;    // bytes of sends that are not done
  bool armed_ = false;    // a poller tells when the side connection has news
  bool expected_ = true;  // reading may find something
  Nanos moved_at_ = 0;    // when the provider completed something last, or was given the first of what waits
  Nanos ended_at_ = 0;    // when the peer went, or said something for the last time after that; 0: it is there
  Status end_;            // how it went
  Status broken_;
  std::vector<std::unique_ptr<OfiMemory>> memories_;
};

}  // namespace hawser
