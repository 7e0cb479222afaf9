// One lane's connection, with what its board says is wrong with it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/fault/board.h"

namespace hawser {

class FaultComm : public Comm {
 public:
  FaultComm(std::unique_ptr<Comm> inner, std::shared_ptr<FaultBoard> board, LaneFaults& faults)
      : inner_(std::move(inner)), board_(std::move(board)), faults_(faults) {}
  ~FaultComm() override;

  Status isend(const void* data, size_t bytes, Memory* memory, Request** out) override;
  Status irecv(void* data, size_t bytes, Memory* memory, Request** out) override;
  bool test(Request* request, size_t* bytes) override;
  bool is_leaving(const Request* request) const override { return inner_->is_leaving(request); }
  Status progress(bool* moved) override;
  void detach(Request* request) override;

  bool writable() const override;
  bool ready() const override;
  void expect_input() override { inner_->expect_input(); }
  Status arm(Poller& poller) override { return inner_->arm(poller); }
  bool needs_polling() const override;
  Status check_alive(Nanos silence) override;
  Status vouch(int rank) const override { return inner_->vouch(rank); }

  Status register_memory(void* address, size_t bytes, int kind, Memory** out) override;
  void deregister_memory(Memory* memory) override;

  std::string local_address() const override { return inner_->local_address(); }
  std::string peer_address() const override { return inner_->peer_address(); }
  int sockets() const override { return inner_->sockets(); }

 private:
  // Stands for what the network below made of it, which may be nothing.
  struct Registered : Memory {
    Memory* inner = nullptr;
    bool device = false;
  };
  // Outlives the request of the network below while its message is here but not handed over yet.
  struct Receive : Request {
    Request* inner = nullptr;
    unsigned char* data = nullptr;  // null once detached, or where only a GPU reaches it
    size_t bytes = 0;               // of a late message
  };

  Status break_with(const char* what, int sys_errno);
  bool breaks_next() const;
  bool held() const;
  void corrupt(unsigned char* data, size_t bytes);

  std::unique_ptr<Comm> inner_;
  std::shared_ptr<FaultBoard> board_;
  LaneFaults& faults_;
  std::unordered_map<Request*, std::unique_ptr<Receive>> receives_;
  std::vector<std::unique_ptr<Registered>> memories_;
  Receive* late_ = nullptr;  // one at a time
  Nanos late_until_ = 0;
  Status broken_;
  Nanos silent_since_ = 0;
  Nanos slow_turn_ = 0;   // when bytes pass again
  size_t swallowed_ = 0;  // in this silence
  uint64_t messages_ = 0;
};

}  // namespace hawser
