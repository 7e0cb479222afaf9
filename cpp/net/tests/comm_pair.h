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
  int device = 0;
  std::unique_ptr<ListenComm> listener;
  Handle handle{};
  Poller poller;
  std::unique_ptr<Comm> left;   // connected
  std::unique_ptr<Comm> right;  // accepted

  explicit CommPair(const TransportOptions& options = {})
      : CommPair(make_socket_transport({loopback()}, options), "lo") {}
  CommPair(std::unique_ptr<Transport> made, const std::string& name) : transport(std::move(made)) {
    const auto& devices = transport->devices();
    while (device < static_cast<int>(devices.size()) && devices[static_cast<size_t>(device)].name != name) ++device;
    EXPECT_TRUE(poller.open().ok());
    const Status listening = transport->listen(device, &handle, &listener);
    EXPECT_TRUE(listening.ok()) << listening.text();
    meet();
  }

  void meet() {
    std::unique_ptr<Connector> connector;
    const Status connecting = transport->connect(device, handle, &connector);
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

  // What a connector is told that the listener does not take.
  Status refusal(Transport& from, const Handle& to) {
    std::unique_ptr<Connector> connector;
    EXPECT_TRUE(from.connect(device, to, &connector).ok());
    if (connector == nullptr) return {};
    std::unique_ptr<Comm> comm;
    std::unique_ptr<Comm> accepted;
    Status status;
    EXPECT_TRUE(until([&] {
      EXPECT_TRUE(listener->accept(&accepted).ok());
      status = connector->poll(&comm);
      return !status.ok();
    }));
    EXPECT_EQ(accepted, nullptr);
    return status;
  }

  // One round of both ends; sleeps a little when neither has work.
  void round() {
    bool moved = false;
    const bool polling = left->needs_polling() || right->needs_polling();
    if (polling) {
      left->expect_input();
      right->expect_input();
    }
    if (left->ready()) progress(*left, &moved);
    if (right->ready()) progress(*right, &moved);
    poller.wait(polling || left->ready() || right->ready() ? 0 : 10 * kMillisecond);
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

inline void check_next_message(CommPair& pair) {
  const auto data = random_bytes(3000, 9);
  std::vector<unsigned char> place(data.size());
  Request* receive = must_receive(*pair.right, place.data(), place.size());
  Request* send = must_send(*pair.left, data.data(), data.size());
  size_t bytes = 0;
  ASSERT_TRUE(until([&] {
    pair.round();
    if (send != nullptr && pair.left->test(send, &bytes)) send = nullptr;
    return pair.right->test(receive, &bytes);
  }));
  EXPECT_EQ(place, data);
}

}  // namespace hawser
