// Two ends of a lane over loopback in one thread, and the bounded loops that drive them.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/devices.h"
#include "net/poller.h"
#include "net/transport.h"

namespace hawser {

constexpr Nanos kTestPatience = 20 * kSecond;

inline DeviceProperties loopback() {
  DeviceProperties device;
  device.name = "lo";
  device.address = "127.0.0.1";
  device.index = 1;
  device.mtu = 65536;
  device.up = true;
  return device;
}

// Calls `step` until it says that the goal is reached; false when that takes too long.
inline bool until(const std::function<bool()>& step, Nanos patience = kTestPatience) {
  const Nanos deadline = now() + patience;
  while (!step()) {
    if (now() > deadline) return false;
  }
  return true;
}

struct CommPair {
  std::unique_ptr<Transport> transport;
  std::unique_ptr<ListenComm> listener;
  Handle handle{};
  Poller poller;
  std::unique_ptr<Comm> left;   // connected
  std::unique_ptr<Comm> right;  // accepted

  explicit CommPair(const TransportOptions& options = {}) {
    transport = make_socket_transport({loopback()}, options);
    EXPECT_TRUE(poller.open().ok());
    const Status listening = transport->listen(0, &handle, &listener);
    EXPECT_TRUE(listening.ok()) << listening.text();
    meet();
  }

  void meet() {
    std::unique_ptr<Connector> connector;
    const Status connecting = transport->connect(0, handle, &connector);
    ASSERT_TRUE(connecting.ok()) << connecting.text();
    left.reset();
    right.reset();
    const bool met = until([&] {
      const Status polled = left == nullptr ? connector->poll(&left) : Status();
      EXPECT_TRUE(polled.ok()) << polled.text();
      const Status accepted = right == nullptr ? listener->accept(&right) : Status();
      EXPECT_TRUE(accepted.ok()) << accepted.text();
      return left != nullptr && right != nullptr;
    });
    ASSERT_TRUE(met);
    ASSERT_TRUE(left->arm(poller).ok());
    ASSERT_TRUE(right->arm(poller).ok());
  }

  // One round of both ends; sleeps a little when neither has work.
  void round() {
    bool moved = false;
    if (left->ready()) progress(*left, &moved);
    if (right->ready()) progress(*right, &moved);
    poller.wait(left->ready() || right->ready() ? 0 : 10 * kMillisecond);
  }

  static bool progress(Comm& comm, bool* moved) {
    const Status status = comm.progress(moved);
    if (!status.ok()) ADD_FAILURE() << status.text();
    return status.ok();
  }
};

inline std::vector<unsigned char> random_bytes(size_t count, uint32_t seed) {
  std::vector<unsigned char> bytes(count);
  std::mt19937 random(seed);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
  return bytes;
}

inline Request* must_send(Comm& comm, const void* data, size_t bytes) {
  Request* request = nullptr;
  const Status status = comm.isend(data, bytes, nullptr, &request);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_NE(request, nullptr);
  return request;
}

inline Request* must_receive(Comm& comm, void* data, size_t bytes) {
  Request* request = nullptr;
  const Status status = comm.irecv(data, bytes, nullptr, &request);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_NE(request, nullptr);
  return request;
}

}  // namespace hawser
