// Memory of GPUs for tests of network plugins: the machine's, or of a fake driver whose memory the host cannot touch.
#pragma once

#include <utility>

#include "mem/cuda_driver.h"
#include "net/tests/plugin_pair.h"
#include "tests/gpus.h"

namespace hawser {

// Memory of GPU 0, or of the host, registered with a comm.
class Buffer {
 public:
  enum class On { kHost, kGpu };

  Buffer(On on, size_t bytes) : host_(bytes) {
    if (on == On::kHost) return;
    EXPECT_TRUE(cuda::Gpu::get(0, &gpu_).ok());
    EXPECT_TRUE(gpu_->allocate(bytes, &device_).ok());
  }
  ~Buffer() { free(); }
  void free() {
    if (device_ != nullptr) gpu_->free(std::exchange(device_, nullptr));
    host_ = {};
  }
  void* data() { return device_ != nullptr ? device_ : host_.data(); }
  size_t bytes() const { return host_.size(); }
  Status enroll(Comm& comm) {
    const int kind = device_ != nullptr ? HAWSER_MEMORY_DEVICE : HAWSER_MEMORY_HOST;
    return comm.register_memory(data(), bytes(), kind, &memory);
  }
  void write(const std::vector<unsigned char>& from) {
    if (device_ == nullptr) {
      host_ = from;
    } else {
      EXPECT_TRUE(gpu_->copy(device_, from.data(), from.size()).ok());
    }
  }
  const std::vector<unsigned char>& read() {
    if (device_ != nullptr) {
      EXPECT_TRUE(gpu_->copy(host_.data(), device_, bytes()).ok());
    }
    return host_;
  }

  Memory* memory = nullptr;

 private:
  std::vector<unsigned char> host_;
  cuda::Gpu* gpu_ = nullptr;
  void* device_ = nullptr;
};

// A test of two ends over a plugin that takes a GPU's memory.
class OverPlugin : public ::testing::Test {
 protected:
  explicit OverPlugin(const char* plugin) : faults(plugin) {}

  void SetUp() override {
    std::string why;
    if (testing::gpus(&why) == 0) GTEST_SKIP() << why;
    setenv("FAKE_CUDA_GUARD", "1", 1);
    faults->pointer_kinds = nccl::kPointerHost | nccl::kPointerCuda;
  }
  void TearDown() override { EXPECT_EQ(0, faults->failed_copies); }

  // Sends random bytes from left to right and compares.
  static Status carry(PluginPair& pair, Buffer::On from, Buffer::On to, size_t bytes) {
    Buffer source(from, bytes);
    Buffer target(to, bytes);
    const auto data = random_bytes(bytes, static_cast<uint32_t>(bytes));
    source.write(data);
    if (Status status = source.enroll(*pair.left); !status.ok()) return status;
    if (Status status = target.enroll(*pair.right); !status.ok()) return status;
    Status status = move(pair, source, target);
    if (status.ok()) {
      EXPECT_TRUE(data == target.read());
    }
    pair.left->deregister_memory(source.memory);
    pair.right->deregister_memory(target.memory);
    return status;
  }
  static Status move(PluginPair& pair, Buffer& source, Buffer& target) {
    Request* receive = nullptr;
    Request* send = nullptr;
    Status status = pair.right->irecv(target.data(), target.bytes(), target.memory, &receive);
    if (status.ok()) status = pair.left->isend(source.data(), source.bytes(), source.memory, &send);
    if (!status.ok()) return status;
    size_t moved = 0;
    return pair.drive([&] {
      if (send != nullptr && pair.left->test(send, &moved)) send = nullptr;
      if (receive != nullptr && pair.right->test(receive, &moved)) receive = nullptr;
      return send == nullptr && receive == nullptr;
    });
  }

  const Faults faults;
};

}  // namespace hawser
