// The requests of a plugin comm and the memory registered with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/plugin/pipe.h"
#include "net/transport.h"

namespace hawser {

constexpr uint32_t kPluginRequests = 64;  // in one direction

// Registered with the comms of both directions, or with neither (`whole` is false) where it is more than the plugin
// takes at once: what is sent from it is then registered message by message. A plugin's handles may be null.
struct PluginMemory : Memory {
  bool whole = false;
  bool on_gpu = false;  // whole, too
  void* send = nullptr;
  void* receive = nullptr;
};

struct PluginRequest : Request {
  std::byte* data = nullptr;
  size_t bytes = 0;  // a receive's capacity until its message has come
  const PluginMemory* memory = nullptr;
  bool sending = false;
  bool done = false;
  bool told = false;        // by test(): it is gone once those before it are
  bool apart = false;       // a message of the plugin's own, or several; known once it is bound
  size_t posted = 0;        // bytes given to the plugin
  size_t moved = 0;         // bytes that the plugin is done with
  bool registered = false;  // for this message alone, with the handle that follows
  void* registration = nullptr;
  std::unique_ptr<std::byte[]> own;  // a detached request's

  bool in_memory() const { return memory != nullptr && memory->whole; }
  bool on_gpu() const { return memory != nullptr && memory->on_gpu; }
  // Of the message's next part.
  PluginPipe::Place place(std::byte* at) const {
    if (registered) return {at, registration};
    return {at, sending ? memory->send : memory->receive, memory->on_gpu};
  }
  // Of what lies in no registered memory, before it goes apart.
  Status enroll(PluginPipe& pipe, void* address, size_t length) {
    if (registered) return {};
    Status status = pipe.register_memory(address, length, &registration);
    registered = status.ok();
    return status;
  }
  void withdraw(PluginPipe& pipe) {
    if (registered) pipe.deregister_memory(registration);
    registered = false;
  }
};

}  // namespace hawser
