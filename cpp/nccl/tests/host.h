// A host of the plugin as NCCL would be one, over one table of any version: what the versions call differently is
// called alike here.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/nccl_tables.h"

namespace hawser::nccl::testing {

constexpr Nanos kPatience = 60 * kSecond;

inline std::vector<unsigned char> random_bytes(size_t bytes, uint64_t seed) {
  std::vector<unsigned char> data(bytes);
  std::mt19937_64 random(seed);
  // A word at a time: sanitizers make every step of this dear.
  for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
    const uint64_t word = random();
    std::memcpy(&data[at], &word, std::min(sizeof word, bytes - at));
  }
  return data;
}

// What the plugin logged.
class Log {
 public:
  static Log& instance() {
    static Log log;
    return log;
  }
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_ += line + "\n";
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  __attribute__((format(printf, 5, 6))) static void write(LogLevel, unsigned long, const char*, int, const char* format,
                                                          ...) {
    std::array<char, 1024> line{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line.data(), line.size(), format, arguments);
    va_end(arguments);
    instance().add(line.data());
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};

struct Facts {
  std::string name;
  int pointer_kinds = 0;
  int speed = 0;
  int max_comms = 0;
  int max_receives = 0;
  int net_device_type = 0;
  size_t max_p2p_bytes = 0;
  int parts = 1;
};

struct Receive {
  void* data;
  size_t bytes;
  int tag;
  void* memory = nullptr;
};

class Host {
 public:
  virtual ~Host() = default;
  virtual int version() const = 0;
  virtual Result init(Logger logger) = 0;
  virtual Result finalize() = 0;
  virtual int devices() = 0;
  virtual Result facts(int device, Facts* out) = 0;
  virtual Result listen(void* handle, void** comm) = 0;
  virtual Result connect(void* handle, void** comm) = 0;
  virtual Result accept(void* listen_comm, void** comm) = 0;
  virtual Result reg_mr(void* comm, void* data, size_t bytes, int kind, void** memory) = 0;
  virtual Result reg_mr_dma_buf(void* comm, void* data, size_t bytes, void** memory) = 0;
  virtual Result dereg_mr(void* comm, void* memory) = 0;
  virtual Result isend(void* comm, const void* data, size_t bytes, int tag, void** request, void* memory) = 0;
  Result isend(void* comm, const void* data, size_t bytes, int tag, void** request) {
    return isend(comm, data, bytes, tag, request, nullptr);
  }
  virtual Result irecv(void* comm, const std::vector<Receive>& group, void** request) = 0;
  virtual Result iflush(void* comm, void* data, size_t bytes, void** request, void* memory) = 0;
  virtual Result test(void* request, int* done, int* bytes) = 0;
  virtual Result close_send(void* comm) = 0;
  virtual Result close_receive(void* comm) = 0;
  virtual Result close_listen(void* comm) = 0;

  // The result of the request when it ended, or kInternalError when it did not in time.
  Result await(void* request, int* bytes = nullptr, Nanos patience = kPatience) {
    const Nanos deadline = now() + patience;
    for (int done = 0; now() < deadline;) {
      if (const Result result = test(request, &done, bytes); result != kSuccess || done != 0) return result;
    }
    return kInternalError;
  }
};

template <typename Net>
class HostOf : public Host {
 public:
  HostOf(int version, const Net& net) : version_(version), net_(net) {}

  int version() const override { return version_; }
  Result init(Logger logger) override {
    if constexpr (kContexts) {
      return net_.init(&context_, 7, nullptr, logger, nullptr);
    } else if constexpr (requires { net_.init(logger, nullptr); }) {
      return net_.init(logger, nullptr);
    } else {
      return net_.init(logger);
    }
  }
  Result finalize() override {
    if constexpr (kContexts) return net_.finalize(std::exchange(context_, nullptr));
    return kSuccess;
  }
  int devices() override {
    int count = -1;
    return net_.devices(&count) == kSuccess ? count : -1;
  }
  Result facts(int device, Facts* out) override { return facts_by(net_.get_properties, device, out); }
  Result listen(void* handle, void** comm) override {
    if constexpr (kContexts) {
      return net_.listen(context_, 0, handle, comm);
    } else {
      return net_.listen(0, handle, comm);
    }
  }
  Result connect(void* handle, void** comm) override {
    NetDeviceHandle* offload = nullptr;
    if constexpr (kContexts) {
      return net_.connect(context_, 0, handle, comm, &offload);
    } else if constexpr (requires { net_.connect(0, handle, comm); }) {
      return net_.connect(0, handle, comm);
    } else if constexpr (requires { net_.connect(0, handle, comm, &offload); }) {
      return net_.connect(0, handle, comm, &offload);
    } else {
      CommConfig config{kTrafficClassUnset};
      return net_.connect(0, &config, handle, comm, &offload);
    }
  }
  Result accept(void* listen_comm, void** comm) override {
    NetDeviceHandle* offload = nullptr;
    if constexpr (requires { net_.accept(listen_comm, comm); }) {
      return net_.accept(listen_comm, comm);
    } else {
      return net_.accept(listen_comm, comm, &offload);
    }
  }
  Result reg_mr(void* comm, void* data, size_t bytes, int kind, void** memory) override {
    if constexpr (requires { static_cast<RegMrIntFn>(net_.reg_mr); }) {
      return net_.reg_mr(comm, data, static_cast<int>(bytes), kind, memory);
    } else {
      return net_.reg_mr(comm, data, bytes, kind, memory);
    }
  }
  Result reg_mr_dma_buf(void* comm, void* data, size_t bytes, void** memory) override {
    return net_.reg_mr_dma_buf(comm, data, bytes, kPointerCuda, 0, -1, memory);
  }
  Result dereg_mr(void* comm, void* memory) override { return net_.dereg_mr(comm, memory); }
  using Host::isend;
  Result isend(void* comm, const void* data, size_t bytes, int tag, void** request, void* memory) override {
    void* const source = const_cast<void*>(data);
    if constexpr (kProfiled) {
      return net_.isend(comm, source, bytes, tag, memory, nullptr, request);
    } else if constexpr (kWide) {
      return net_.isend(comm, source, bytes, tag, memory, request);
    } else {
      return net_.isend(comm, source, static_cast<int>(bytes), tag, memory, request);
    }
  }
  Result irecv(void* comm, const std::vector<Receive>& group, void** request) override {
    std::vector<void*> data;
    std::vector<std::conditional_t<kWide, size_t, int>> bytes;
    std::vector<int> tags;
    std::vector<void*> memories;
    for (const Receive& receive : group) {
      data.push_back(receive.data);
      bytes.push_back(static_cast<typename decltype(bytes)::value_type>(receive.bytes));
      tags.push_back(receive.tag);
      memories.push_back(receive.memory);
    }
    const int n = static_cast<int>(group.size());
    if constexpr (kProfiled) {
      return net_.irecv(comm, n, data.data(), bytes.data(), tags.data(), memories.data(), nullptr, request);
    } else {
      return net_.irecv(comm, n, data.data(), bytes.data(), tags.data(), memories.data(), request);
    }
  }
  Result iflush(void* comm, void* data, size_t bytes, void** request, void* memory) override {
    int size = static_cast<int>(bytes);
    return net_.iflush(comm, 1, &data, &size, &memory, request);
  }
  Result test(void* request, int* done, int* bytes) override { return net_.test(request, done, bytes); }
  Result close_send(void* comm) override { return net_.close_send(comm); }
  Result close_receive(void* comm) override { return net_.close_receive(comm); }
  Result close_listen(void* comm) override { return net_.close_listen(comm); }

 private:
  static constexpr bool kContexts = requires(Net net) { net.finalize; };
  static constexpr bool kProfiled = std::is_same_v<decltype(Net::isend), IsendProfiledFn>;
  static constexpr bool kWide = !std::is_same_v<decltype(Net::isend), IsendIntFn>;

  template <typename Properties>
  Result facts_by(GetPropertiesFn<Properties> get, int device, Facts* out) {
    Properties properties;
    std::memset(static_cast<void*>(&properties), 0xa5, sizeof properties);
    const Result result = get(device, &properties);
    if (result != kSuccess) return result;
    *out = {properties.name, properties.pointer_kinds, properties.speed, properties.max_comms, properties.max_receives};
    if constexpr (requires { properties.net_device_type; }) out->net_device_type = properties.net_device_type;
    if constexpr (requires { properties.parts; }) {
      out->parts = properties.parts.count;
      out->max_p2p_bytes = properties.max_p2p_bytes;
    }
    return result;
  }

  int version_;
  const Net& net_;
  void* context_ = nullptr;
};

// The plugin's library, loaded for good.
inline void* library() {
  static void* const handle = dlopen(NCCL_NET_HAWSER, RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(nullptr, handle) << dlerror();
  return handle;
}

template <typename Net>
std::unique_ptr<Host> host_of(int version) {
  const auto* table = static_cast<const Net*>(dlsym(library(), (kSymbolPrefix + std::to_string(version)).c_str()));
  EXPECT_NE(nullptr, table);
  return std::make_unique<HostOf<Net>>(version, *table);
}

inline std::unique_ptr<Host> make_host(int version) {
  return with_version(version, [&](auto known) { return host_of<NetOf<decltype(known)::value>>(version); });
}

// A sending and a receiving comm that know each other, set up and driven by one thread, as the contract allows.
class CommPair {
 public:
  explicit CommPair(Host& host) : CommPair(host, host) {}
  CommPair(Host& from, Host& to) : from_(from), to_(to) {
    std::array<unsigned char, kHandleBytes> handle{};
    void* listening = nullptr;
    EXPECT_EQ(kSuccess, to.listen(handle.data(), &listening));
    const Nanos deadline = now() + kPatience;
    while ((send == nullptr || receive == nullptr) && now() < deadline) {
      if (send == nullptr) {
        EXPECT_EQ(kSuccess, from.connect(handle.data(), &send));
      }
      if (receive == nullptr) {
        EXPECT_EQ(kSuccess, to.accept(listening, &receive));
      }
    }
    EXPECT_EQ(kSuccess, to.close_listen(listening));
  }
  ~CommPair() {
    close_send();
    close_receive();
  }
  void close_send() {
    if (send != nullptr) {
      EXPECT_EQ(kSuccess, from_.close_send(std::exchange(send, nullptr)));
    }
  }
  void close_receive() {
    if (receive != nullptr) {
      EXPECT_EQ(kSuccess, to_.close_receive(std::exchange(receive, nullptr)));
    }
  }
  explicit operator bool() const { return send != nullptr && receive != nullptr; }

  void* send = nullptr;
  void* receive = nullptr;

 private:
  Host& from_;
  Host& to_;
};

}  // namespace hawser::nccl::testing
