// How one lane moves bytes. The interface has the shape and the contract of ncclNet (nothing blocks; a null object
// means "call again"; the n-th isend of one end meets the n-th irecv of the other), with three differences that the
// lanes need: a Comm carries both directions, it tells the poller when it has work, and a request can be detached from
// its buffer.
//
// Threads: a Transport's and a ListenComm's functions may be called by one thread at a time; a Comm belongs to whoever
// drives the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "trust/identity.h"

namespace hawser {

// What a listener gives to a connector: where to go and what to prove there. Opaque outside its transport. It holds a
// secret: never print it.
struct Handle {
  alignas(16) unsigned char bytes[HAWSER_HANDLE_BYTES];
};
static_assert(sizeof(Handle) == HAWSER_HANDLE_BYTES);

struct DeviceProperties {
  std::string name;
  std::string address;  // numeric; "" when it has none
  int index = 0;        // the kernel's interface index
  int mtu = 0;          // bytes
  int speed_mbps = -1;  // -1: the driver does not tell
  int numa_node = -1;   // -1: unknown
  bool up = false;      // administratively up and has a carrier
  std::string pci;      // "" for a virtual device
};

// One isend or irecv under way; owned by its Comm, valid until test() has said done. A transport derives its own from
// it.
struct Request {};

// Shorter messages never lie in a GPU's memory: a transport may handle them as it likes.
constexpr size_t kLeastDeviceMessage = 64 * 1024 + 1;

// Registered memory; owned by its Comm until deregister. Null where a transport needs no registration.
struct Memory {};

// Receives readiness from a Poller.
class PollTarget {
 public:
  virtual ~PollTarget() = default;
  // `events` as epoll gives them. Called by the driving thread from Poller::wait; must only take note.
  virtual void on_ready(uint32_t events) = 0;
};

// Where a Comm's descriptors wait (epoll, edge-triggered).
class Poller;

class Comm {
 public:
  virtual ~Comm() = default;

  // Queue a message of `bytes` at `data`, which must stay as it is until test() says done: done means that the device
  // (for TCP, the kernel) has all of it. *out is null when no request is free: call again after progress(). Nothing is
  // written before progress(), so that several messages leave in one call.
  virtual Status isend(const void* data, size_t bytes, Memory* memory, Request** out) = 0;

  // Expect the next message, of at most `bytes`, at `data`. A longer one breaks the comm with HAWSER_TRUNCATED.
  virtual Status irecv(void* data, size_t bytes, Memory* memory, Request** out) = 0;

  // Done? Then `bytes` is the message's length and the request is gone. Of one direction they are mostly done in order,
  // but a short message may be before a long one ahead of it.
  virtual bool test(Request* request, size_t* bytes) = 0;

  // Whether a send is with the device in full, which only reads from its buffer still: another may be queued behind it.
  // Of devices that call a send done when it has arrived.
  virtual bool is_leaving(const Request*) const { return false; }

  // Moves what can be moved without blocking. An error means that the lane is lost: close it. `moved` tells whether
  // anything moved.
  virtual Status progress(bool* moved) = 0;

  // The buffer of this request is not touched after the call. What is left of a send is copied first; what is still to
  // arrive is dropped. The request itself lives on until test() says done. A send that the kernel reads without a copy
  // (zero copy) cannot be taken back: it breaks the comm at once.
  virtual void detach(Request* request) = 0;

  // Whether another message would leave soon: the device's own backlog is short (late binding).
  virtual bool writable() const = 0;

  // Whether progress() may find something to read or write now.
  virtual bool ready() const = 0;

  // Reads without waiting for the poller's word, for a driver that spins: makes the next progress() try to read.
  virtual void expect_input() = 0;

  // Adds the comm's descriptors to `poller` (once, after it was made).
  virtual Status arm(Poller& poller) = 0;

  // Whether no descriptor tells when there is something to read or write: the driver then says expect_input() again
  // and again, and naps in between.
  virtual bool needs_polling() const { return false; }

  // Asked now and then while something is unacknowledged: an error when the peer's kernel has been silent for
  // `silence` although bytes are on their way to it. A peer that is only slow is no error.
  virtual Status check_alive(Nanos silence) = 0;

  // Whether the peer has proven that it may speak as `rank` (-1: as a party without one); the error says why not. In
  // the clear anyone may.
  virtual Status vouch(int) const { return {}; }

  // HAWSER_MEMORY_DEVICE: with a memory to give, which is not null then, messages of kLeastDeviceMessage and more may
  // lie in that memory of a GPU. Their chunks carry no checksum, which only the host could make. HAWSER_UNSUPPORTED:
  // this comm cannot reach it. Its lane stages, and the comm sees host memory alone, as it does of shorter messages.
  virtual Status register_memory(void* address, size_t bytes, int kind, Memory** out) = 0;
  virtual void deregister_memory(Memory* memory) = 0;

  virtual std::string local_address() const = 0;
  virtual std::string peer_address() const = 0;
  virtual int sockets() const { return 0; }
};

// A lane's listener. It stays open as long as the link so that a lost lane can come back.
class ListenComm {
 public:
  virtual ~ListenComm() = default;
  // A party that has proven itself, or null: call again when fd() is readable (or after 10 ms). Strangers, garbage and
  // those who stay silent for longer than a second are dropped, counted, and hold up nobody. An error means that the
  // listener itself is broken.
  virtual Status accept(std::unique_ptr<Comm>* out) = 0;
  virtual int fd() const = 0;  // -1: there is none, ask accept() now and then
  virtual uint64_t strangers() const = 0;
};

// A connection being made.
class Connector {
 public:
  virtual ~Connector() = default;
  // The comm once the listener has taken it, null while under way (call again when fd() is ready for reading or
  // writing, or after 10 ms), or the reason why not.
  virtual Status poll(std::unique_ptr<Comm>* out) = 0;
  virtual int fd() const = 0;  // -1: there is none
};

struct TransportOptions {
  uint32_t sockets_per_lane = 1;
  uint32_t zerocopy = HAWSER_AUTO;
  std::shared_ptr<Identity> identity = nullptr;  // in the clear
  Clear clear = Clear::kThisMachine;             // how far, then
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual const char* name() const = 0;
  virtual const std::vector<DeviceProperties>& devices() const = 0;
  // How long an attempt to connect a lost lane again may take before it is given up for a new one.
  virtual Nanos attempt_limit() const { return 400 * kMillisecond; }
  // How long chunks of long messages had better be, where that is longer than others and the user does not say.
  virtual uint32_t longest_chunk() const { return 0; }
  // Listens on the device's own address; `out` is made for one connector, who can come again after a loss.
  virtual Status listen(int device, Handle* handle, std::unique_ptr<ListenComm>* out) = 0;
  // Leaves through `device`: bound to its address, and to the device itself where that is permitted.
  virtual Status connect(int device, const Handle& handle, std::unique_ptr<Connector>* out) = 0;
};

// The embedded default: TCP. `devices` are what lanes may use, by index.
std::unique_ptr<Transport> make_socket_transport(std::vector<DeviceProperties> devices,
                                                 const TransportOptions& options);

// The name of the listener's device as its handle tells, for the lane table and for pairing lanes by name; "" when the
// handle tells none.
std::string handle_device(const Handle& handle);

}  // namespace hawser
