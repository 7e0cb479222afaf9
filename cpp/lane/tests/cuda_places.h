// Memory of GPUs and of the host, and messages from one to the other over a link.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "lane/tests/party.h"
#include "mem/cuda_driver.h"
#include "tests/gpus.h"

namespace hawser::testing {

// For the fake driver; the machine's own knows nothing of it.
struct Fake {
  Fake(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Fake() { unsetenv(name_); }
  const char* name_;
};

// Memory of a GPU or of the host, and its registration with a link.
class Place {
 public:
  Place(Link& link, int gpu, size_t bytes) : bytes_(bytes) {
    if (gpu < 0) {
      host_.resize(bytes + 1);
      return;
    }
    EXPECT_TRUE(cuda::Gpu::get(gpu, &gpu_).ok());
    EXPECT_TRUE(gpu_->allocate(bytes + 1, &device_).ok());
    const Status status = link.register_memory(device_, bytes + 1, HAWSER_MEMORY_DEVICE, &memory_);
    EXPECT_TRUE(status.ok()) << status.text();
  }
  ~Place() { free(); }
  void free() {
    if (device_ != nullptr) gpu_->free(std::exchange(device_, nullptr));
    host_.clear();
  }
  void* data() { return device_ != nullptr ? device_ : host_.data(); }
  uint64_t memory() const { return memory_; }
  void write(const std::vector<unsigned char>& from) {
    if (device_ == nullptr) {
      std::copy(from.begin(), from.end(), host_.begin());
    } else if (!from.empty()) {
      EXPECT_TRUE(gpu_->copy(device_, from.data(), from.size()).ok());
    }
  }
  std::vector<unsigned char> read() {
    std::vector<unsigned char> bytes(host_.begin(), host_.end());
    if (device_ == nullptr) return bytes;
    bytes.resize(bytes_ + 1);
    EXPECT_TRUE(gpu_->copy(bytes.data(), device_, bytes.size()).ok());
    return bytes;
  }

 private:
  const size_t bytes_;
  std::vector<unsigned char> host_;
  cuda::Gpu* gpu_ = nullptr;
  void* device_ = nullptr;
  uint64_t memory_ = 0;
};

// A message from memory of `from` to memory of `to`, GPUs by number or the host by -1.
template <typename AnyPair>
struct Transfer {
  Transfer(AnyPair& over, int from, int to, size_t bytes, uint64_t tag = 1)
      : pair(over),
        tag_(tag),
        data(random_bytes(bytes, bytes + tag)),
        source(*pair.a.link, from, bytes),
        target(*pair.b.link, to, bytes) {
    source.write(data);
  }
  void start() {
    post_receive();
    post_send();
  }
  void post_receive() {
    receive = pair.b.driver->receive(pair.b.id, tag_, target.data(), data.size(), target.memory());
  }
  void post_send() { send = pair.a.driver->send(pair.a.id, tag_, source.data(), data.size(), source.memory()); }
  bool over() const { return pair.a.completion(send) && pair.b.completion(receive); }
  void expect_arrival() {
    ASSERT_TRUE(pair.drive_until([&] { return over(); }));
    check();
  }
  void check() {
    EXPECT_EQ(HAWSER_OK, pair.a.completion(send)->code);
    EXPECT_EQ(HAWSER_OK, pair.b.completion(receive)->code);
    EXPECT_EQ(data.size(), pair.b.completion(receive)->bytes);
    const auto got = target.read();
    ASSERT_EQ(data.size() + 1, got.size());
    EXPECT_TRUE(std::equal(data.begin(), data.end(), got.begin()));
    EXPECT_EQ(0, got.back()) << "what lies behind the message was written";
  }

  AnyPair& pair;
  const uint64_t tag_;
  std::vector<unsigned char> data;
  Place source;
  Place target;
  uint64_t send = 0;
  uint64_t receive = 0;
};

// A test on the machine's GPUs, or on a fake driver whose memory the host cannot touch and whose copies come late.
class OnGpus : public ::testing::Test {
 public:
  void SetUp() override {
    std::string why;
    if (gpus(&why) == 0) GTEST_SKIP() << why;
  }

 private:
  const Fake guard_{"FAKE_CUDA_GUARD", "1"};
  const Fake late_{"FAKE_CUDA_COPY_MICROS", "200"};
};

}  // namespace hawser::testing
