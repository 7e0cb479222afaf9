// Memory of GPUs in the plugin as NCCL would use it: on the machine's GPUs, or on a fake driver whose memory the host
// cannot touch.
#include <algorithm>

#include "mem/cuda_driver.h"
#include "nccl/tests/host.h"
#include "tests/gpus.h"

namespace hawser::nccl::testing {
namespace {

using cuda::Gpu;

// Memory of GPU 0 that is registered with a comm.
class OnGpu {
 public:
  OnGpu(Host& host, void* comm, size_t bytes) : host_(host), comm_(comm), bytes_(bytes) {
    EXPECT_TRUE(Gpu::get(0, &gpu_).ok());
    EXPECT_TRUE(gpu_->allocate(bytes, &data_).ok());
    EXPECT_EQ(kSuccess, host.reg_mr(comm, data_, bytes, kPointerCuda, &memory_));
    EXPECT_NE(nullptr, memory_);
  }
  ~OnGpu() {
    EXPECT_EQ(kSuccess, host_.dereg_mr(comm_, memory_));
    gpu_->free(data_);
  }
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;

  void write(const std::vector<unsigned char>& from) { EXPECT_TRUE(gpu_->copy(data_, from.data(), from.size()).ok()); }
  std::vector<unsigned char> read() {
    std::vector<unsigned char> bytes(bytes_);
    EXPECT_TRUE(gpu_->copy(bytes.data(), data_, bytes_).ok());
    return bytes;
  }
  void* data() const { return data_; }
  void* memory() const { return memory_; }

 private:
  Host& host_;
  void* comm_;
  const size_t bytes_;
  Gpu* gpu_ = nullptr;
  void* data_ = nullptr;
  void* memory_ = nullptr;
};

class CudaPlugin : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    std::string why;
    if (hawser::testing::gpus(&why) == 0) GTEST_SKIP() << why;
    setenv("FAKE_CUDA_GUARD", "1", 1);
    setenv("FAKE_CUDA_COPY_MICROS", "200", 1);
    setenv("HAWSER_LANES", "=lo,lo,lo,lo", 1);
    host = make_host(GetParam());
    ASSERT_EQ(kSuccess, host->init(&Log::write));
  }
  void TearDown() override {
    if (host != nullptr) {
      EXPECT_EQ(kSuccess, host->finalize());
    }
  }

  std::unique_ptr<Host> host;
};

TEST_P(CudaPlugin, TellsThatItTakesMemoryOfGpus) {
  Facts facts;
  ASSERT_EQ(kSuccess, host->facts(0, &facts));
  EXPECT_EQ(kPointerHost | kPointerCuda, facts.pointer_kinds);
}

TEST_P(CudaPlugin, CarriesMessagesBetweenGpusAndTheHost) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  for (const size_t bytes : {1, 40'000, 65'537, 1 << 20, 7'654'321}) {
    SCOPED_TRACE(bytes);
    const auto data = random_bytes(bytes, bytes);
    OnGpu source(*host, pair.send, bytes);
    source.write(data);
    std::vector<unsigned char> copy(bytes);
    OnGpu target(*host, pair.receive, bytes);
    // One group of the host's memory and a GPU's, from a GPU's and the host's.
    void* receiving = nullptr;
    void* sends[2] = {};
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{copy.data(), bytes, 1}, {target.data(), bytes, 2, target.memory()}},
                                    &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, source.data(), bytes, 1, &sends[0], source.memory()));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), bytes, 2, &sends[1]));
    int received[8] = {};
    ASSERT_EQ(kSuccess, host->await(receiving, received));
    for (void* send : sends) ASSERT_EQ(kSuccess, host->await(send));
    EXPECT_EQ(bytes, static_cast<size_t>(received[1]));
    EXPECT_TRUE(data == copy);
    EXPECT_TRUE(data == target.read());
    void* request = &request;
    EXPECT_EQ(kSuccess, host->iflush(pair.receive, target.data(), bytes, &request, target.memory()));
    EXPECT_EQ(nullptr, request) << "a receive that is done has been seen by the GPU";
  }
}

TEST_P(CudaPlugin, RefusesWhatIsNoMemoryOfAGpu) {
  const CommPair pair(*host);
  ASSERT_TRUE(pair);
  std::vector<unsigned char> here(100);
  void* memory = &memory;
  EXPECT_EQ(kInvalidArgument, host->reg_mr(pair.send, here.data(), here.size(), kPointerCuda, &memory));
  EXPECT_EQ(nullptr, memory);
  EXPECT_NE(std::string::npos, Log::instance().text().find("no memory of a GPU"));
}

TEST_P(CudaPlugin, LeavesAGpusMemoryAloneOnceClosed) {
  constexpr size_t kBytes = 16 << 20;
  Gpu* gpu = nullptr;
  ASSERT_TRUE(Gpu::get(0, &gpu).ok());
  for (const bool sender_first : {true, false}) {
    CommPair pair(*host);
    ASSERT_TRUE(pair);
    const auto data = random_bytes(kBytes, 4);
    void* target = nullptr;
    void* memory = nullptr;
    ASSERT_TRUE(gpu->allocate(kBytes, &target).ok());
    ASSERT_EQ(kSuccess, host->reg_mr(pair.receive, target, kBytes, kPointerCuda, &memory));
    void* sending = nullptr;
    void* receiving = nullptr;
    ASSERT_EQ(kSuccess, host->irecv(pair.receive, {{target, kBytes, 1, memory}}, &receiving));
    ASSERT_EQ(kSuccess, host->isend(pair.send, data.data(), kBytes, 1, &sending));
    int done = 0;
    for (int i = 0; i < 20 && done == 0; ++i) ASSERT_EQ(kSuccess, host->test(sending, &done, nullptr));
    EXPECT_EQ(kSuccess, host->dereg_mr(pair.receive, memory));
    if (sender_first) pair.close_send();
    pair.close_receive();
    gpu->free(target);  // the fake driver's copies end by SIGSEGV if there are any
    pair.close_send();
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, CudaPlugin, ::testing::Range(kOldestVersion, kNewestVersion + 1),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

}  // namespace
}  // namespace hawser::nccl::testing
