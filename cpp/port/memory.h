// Memory that puts go from or to: of this process, or of a peer.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "port/origin.h"
#include "port/transport.h"

namespace hawser::port {

class Memory : public std::enable_shared_from_this<Memory> {
 public:
  // A registration with the transports of the set.
  static Status register_local(Context& context, void* address, uint64_t bytes, uint32_t kind, uint32_t transports,
                               std::shared_ptr<Memory>* out);
  // A peer's, by what told() wrote there. Blocks until `deadline` where a transport must ask the peer.
  static Status import(Context& context, Reader told, Nanos deadline, std::shared_ptr<Memory>* out);

  ~Memory();

  // What a peer imports.
  const std::vector<uint8_t>& told() const { return told_.bytes(); }

  bool local() const { return local_; }
  void* address() const { return address_; }  // null: a peer's
  uint64_t bytes() const { return bytes_; }
  uint32_t kind() const { return kind_; }      // a hawser_memory_kind
  uint64_t number() const { return number_; }  // unique in its process
  const Origin& origin() const { return origin_; }
  uint32_t transports() const { return transports_; }
  // Null when it is not for this transport.
  Registration* registration(uint32_t transport) const { return registrations_[transport].get(); }

  // Whether puts may begin. Ends with free(), and stays ended.
  bool alive() const { return alive_.load(std::memory_order_acquire); }
  void free();

  // "memory 3 of rank 1 (4096 bytes)"
  std::string name() const;

 private:
  explicit Memory(Context& context) : context_(context) {}
  Context& context_;
  bool local_ = false;
  void* address_ = nullptr;
  uint64_t bytes_ = 0;
  uint32_t kind_ = HAWSER_MEMORY_HOST;
  uint64_t number_ = 0;
  uint32_t transports_ = 0;
  Origin origin_;
  Writer told_;
  std::atomic<bool> alive_{true};
  std::array<std::unique_ptr<Registration>, 16> registrations_;
};

}  // namespace hawser::port
