// Two ends of a lane over the test plugin in one process, and the plugin's faults.
#pragma once

#include <deque>
#include <thread>

#include "net/plugin/transport.h"
#include "net/plugin/wire.h"
#include "net/tests/comm_pair.h"
#include "net/tests/plugin/faults.h"

namespace hawser {

struct PluginPair {
  std::unique_ptr<Transport> transport;
  std::unique_ptr<ListenComm> listener;
  Handle handle{};
  std::unique_ptr<Comm> left;   // connected
  std::unique_ptr<Comm> right;  // accepted
  Status failed;                // why the ends did not meet

  explicit PluginPair(const char* path, const PluginOptions& options = {}) {
    failed = make_plugin_transport(path, options, &transport);
    if (failed.ok()) failed = transport->listen(0, &handle, &listener);
    if (failed.ok()) meet();
  }

  void meet() {
    std::unique_ptr<Connector> connector;
    failed = transport->connect(0, handle, &connector);
    until([&] {
      if (failed.ok() && left == nullptr) failed = connector->poll(&left);
      if (failed.ok() && right == nullptr) failed = listener->accept(&right);
      return !failed.ok() || (left != nullptr && right != nullptr);
    });
  }

  // One round of both ends; the first error.
  Status round() {
    bool moved = false;
    left->expect_input();
    right->expect_input();
    if (Status status = left->progress(&moved); !status.ok()) return status;
    return right->progress(&moved);
  }

  // Drives both ends until `done()`, or until one fails.
  Status drive(const std::function<bool()>& done, Nanos patience = kTestPatience) {
    Status status;
    const bool in_time = until(
        [&] {
          status = round();
          return !status.ok() || done();
        },
        patience);
    if (status.ok() && !in_time) status = {HAWSER_TIMEOUT, "nothing came of it"};
    return status;
  }

  // Sends `data` from left to right and compares.
  Status carry(const std::vector<unsigned char>& data) {
    std::vector<unsigned char> copy(data.size() + 1, 0xee);
    Request* receive = nullptr;
    Request* send = nullptr;
    if (Status status = right->irecv(copy.data(), copy.size() - 1, nullptr, &receive); !status.ok()) return status;
    if (Status status = left->isend(data.data(), data.size(), nullptr, &send); !status.ok()) return status;
    size_t sent = 0;
    size_t received = ~size_t{0};
    Status status = drive([&] {
      if (send != nullptr && left->test(send, &sent)) send = nullptr;
      if (receive != nullptr && right->test(receive, &received)) receive = nullptr;
      return send == nullptr && receive == nullptr;
    });
    if (!status.ok()) return status;
    EXPECT_EQ(data.size(), sent);
    EXPECT_EQ(data.size(), received);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), copy.begin()));
    EXPECT_EQ(0xee, copy.back());
    return {};
  }
};

}  // namespace hawser
