// What a test can make the test plugin do. The plugin keeps strictly to NCCL's contract and refuses what a plugin may
// refuse: a message outside of registered memory, a test out of order, a ninth request.
#pragma once

#include <atomic>

namespace hawser::testing {

struct PluginFaults {
  // How many of the next calls find nothing: connect and accept, isend and irecv.
  std::atomic<int> null_comms{0};
  std::atomic<int> null_requests{0};
  // How many of the next calls go well before one fails with `error`; -1: none fails.
  std::atomic<int> connects_left{-1};
  std::atomic<int> isends_left{-1};
  std::atomic<int> irecvs_left{-1};
  std::atomic<int> tests_left{-1};
  std::atomic<int> gpu_memories_left{-1};
  std::atomic<int> flushes_left{-1};
  std::atomic<int> flush_tests_left{-1};
  std::atomic<int> error{2};
  // What the plugin says to take, and what it does with a GPU's memory.
  std::atomic<int> pointer_kinds{1};
  std::atomic<bool> refuses_dma_buf{false};
  std::atomic<bool> bounces_on_gpu{false};  // a net device's bounce buffer
  std::atomic<bool> needs_flush{true};      // else there is nothing to wait for
  std::atomic<bool> flush_frozen{false};    // no flush is ever done
  std::atomic<bool> init_fails{false};
  std::atomic<bool> null_memory{false};   // what reg_mr gives is null
  std::atomic<bool> silent_sizes{false};  // test tells no length
  std::atomic<bool> wrong_sizes{false};   // test tells one byte more than was posted
  std::atomic<bool> frozen{false};        // no request is ever done
  std::atomic<bool> blocks{false};        // listen and accept block until somebody connects, or this is false again
  std::atomic<bool> garbles{false};       // the queue of fragments points outside of its message
  std::atomic<int> handle_bytes{16};      // of a handle that are not zero
  // What the plugin has seen.
  std::atomic<int> open_comms{0};
  std::atomic<int> registrations{0};
  std::atomic<int> consumed{0};  // fragmented receives that the host gave back
  std::atomic<int> most_in_flight{0};
  std::atomic<int> gpu_memories{0};
  std::atomic<int> dma_bufs{0};
  std::atomic<int> flushes{0};
  std::atomic<int> failed_copies{0};
};

constexpr int kTestDevices = 4;
constexpr const char* kTestVariable = "NCCL_PROTO";  // set by init, as a plugin in the field does

// The plugin exports it under this name.
using PluginFaultsFn = PluginFaults& (*)();
constexpr const char* kPluginFaults = "test_plugin_faults";

}  // namespace hawser::testing
