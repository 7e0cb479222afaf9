// How two ends of a lane meet over a network plugin.
//
// A comm of the plugin has one direction. The connector listens too, connects, and tells in its first message where;
// the listener connects back and welcomes it: once for frames, and again for what goes apart from them. Plugins block
// where they should not, accept() above all: each end has a thread for it. A thread that does not come out of the
// plugin in time is left to itself, and tidies up when it does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "net/plugin/comm.h"
#include "net/plugin/library.h"

namespace hawser {

// One device of a plugin, as both ends use it.
struct PluginEnd {
  std::shared_ptr<PluginNet> net;
  int device = 0;
  PluginDevice facts;
  uint32_t window = 0;
};

// What a thread in the plugin and its owner have in common, and what the thread does with the plugin. The thread holds
// it alive.
class PluginMeeting {
 public:
  explicit PluginMeeting(const PluginEnd& end) : end_(end) {}
  virtual ~PluginMeeting();

  // The thread's work, until abandoned() or done.
  virtual void run() = 0;

  // Whether the device leaves what it receives to be unpacked.
  bool unpacks() const { return end_.facts.offload == nccl::kNetDeviceUnpack; }

  void abandon();
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 protected:
  using Pipe = std::unique_ptr<PluginPipe>;

  Status listen(unsigned char (&handle)[nccl::kHandleBytes]);
  // One attempt; *pipe stays null when nobody is there.
  Status accept(Pipe* pipe);
  // Until `deadline`, as what follows.
  Status connect(const unsigned char (&handle)[nccl::kHandleBytes], Nanos deadline, Pipe* pipe);
  Status await_accept(Nanos deadline, Pipe* pipe);
  Status move(PluginPipe& pipe, size_t bytes, Nanos deadline);
  Status make_comm(PluginPipes frames, PluginPipes payloads, uint64_t peer_segment, const std::string& peer,
                   std::unique_ptr<Comm>* out) const;
  size_t segment_bytes() const;
  bool over(Nanos deadline) const;
  Status late(const char* what) const;
  Status failure(const char* call, nccl::Result result) const { return end_.net->failure(call, result, HAWSER_IO); }

  PluginEnd end_;
  void* listen_comm_ = nullptr;
  // What is sent and received meanwhile: it outlives the pipes, which are the stack's.
  alignas(16) unsigned char buffer_[256] = {};
  std::mutex mutex_;
  std::condition_variable changed_;

 private:
  std::atomic<bool> abandoned_{false};
};

// Runs a meeting and leaves it, in bounded time.
class PluginThread {
 public:
  explicit PluginThread(std::shared_ptr<PluginMeeting> meeting);
  ~PluginThread();

 private:
  struct Ended {
    std::mutex mutex;
    std::condition_variable changed;
    bool value = false;
  };
  std::shared_ptr<PluginMeeting> meeting_;
  std::shared_ptr<Ended> ended_;
  std::thread thread_;
};

class PluginListening;
class PluginListener : public ListenComm {
 public:
  // Writes the handle once the plugin listens. HAWSER_TIMEOUT when it does not come to that.
  static Status open(const PluginEnd& end, Handle* handle, std::unique_ptr<ListenComm>* out);
  Status accept(std::unique_ptr<Comm>* out) override;
  int fd() const override { return -1; }
  uint64_t strangers() const override;

 private:
  explicit PluginListener(std::shared_ptr<PluginListening> listening);
  std::shared_ptr<PluginListening> listening_;
  PluginThread thread_;
};

class PluginConnecting;
class PluginConnector : public Connector {
 public:
  PluginConnector(const PluginEnd& end, const Handle& handle);
  Status poll(std::unique_ptr<Comm>* out) override;
  int fd() const override { return -1; }

 private:
  explicit PluginConnector(std::shared_ptr<PluginConnecting> connecting);
  std::shared_ptr<PluginConnecting> connecting_;
  PluginThread thread_;
};

}  // namespace hawser
