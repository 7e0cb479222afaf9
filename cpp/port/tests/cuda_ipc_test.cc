// The transport CudaIpc, and kernels on its channels: on the machine's GPUs, or on a fake driver's.
#include <thread>

#include "mem/cuda_driver.h"
#include "port/cuda/bidir.h"
#include "port/cuda/fifo.h"
#include "port/tests/pair.h"
#include "port/tests/peer_process.h"
#include "tests/gpus.h"

namespace hawser::port {
namespace {

using cuda::Driver;
using cuda::Gpu;
using hawser::testing::gpus;
using testing::endpoint_config;
using ::testing::HasSubstr;
using testing::Pair;
using testing::PeerProcess;
using testing::Pipe;
using testing::reader;
using testing::Side;
using testing::soon;

constexpr uint32_t kCuda = HAWSER_PORT_CUDA_IPC;
constexpr uint64_t kBytes = 1 << 20;
constexpr uint32_t kPutWithSignal = HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_SIGNAL;

// Memory of a GPU, filled and read by the host.
struct DeviceBuffer {
  explicit DeviceBuffer(int number) {
    EXPECT_TRUE(Gpu::get(number, &gpu).ok());
    EXPECT_TRUE(gpu->allocate(kBytes, &address).ok());
  }
  ~DeviceBuffer() { gpu->free(address); }
  void fill(unsigned char value) const {
    const std::vector<unsigned char> bytes(kBytes, value);
    EXPECT_TRUE(gpu->copy(address, bytes.data(), kBytes).ok());
  }
  std::vector<unsigned char> read() const {
    std::vector<unsigned char> bytes(kBytes);
    EXPECT_TRUE(gpu->copy(bytes.data(), address, kBytes).ok());
    return bytes;
  }
  std::shared_ptr<Memory> share(Context& context) const {
    std::shared_ptr<Memory> memory;
    const Status status = Memory::register_local(context, address, kBytes, HAWSER_MEMORY_DEVICE, 1u << kCuda, &memory);
    EXPECT_TRUE(status.ok()) << status.text();
    return memory;
  }
  Gpu* gpu = nullptr;
  void* address = nullptr;
};

struct CudaChannels : public ::testing::Test {
  void SetUp() override {
    std::string why;
    if (gpus(&why) == 0) GTEST_SKIP() << why;
    at_a = std::make_unique<DeviceBuffer>(0);
    at_b = std::make_unique<DeviceBuffer>(gpus() - 1);
    pair = std::make_unique<Pair>();
    hawser_endpoint_config config = endpoint_config(kCuda);
    config.device = 0;
    pair->connect(config);
    mine = at_a->share(pair->a.context);
    theirs = at_b->share(pair->b.context);
  }
  void make_channels() {
    pair->a.start_proxy();
    pair->b.start_proxy();
    to_b = &pair->a.channel(pair->a.semaphores[0].get(), pair->a.import(*theirs), mine);
    to_a = &pair->b.channel(pair->b.semaphores[0].get(), pair->b.import(*mine), theirs);
  }
  // As Pair::add_semaphores, in the GPUs' memory.
  void add_device_semaphores() {
    std::unique_ptr<Semaphore> a;
    std::unique_ptr<Semaphore> b;
    ASSERT_TRUE(Semaphore::open_on_device(pair->a.connections[0], &a).ok());
    ASSERT_TRUE(Semaphore::open_on_device(pair->b.connections[0], &b).ok());
    ASSERT_TRUE(a->join(reader(b->told()), soon()).ok());
    ASSERT_TRUE(b->join(reader(a->told()), soon()).ok());
    pair->a.semaphores.push_back(std::move(a));
    pair->b.semaphores.push_back(std::move(b));
  }
  int32_t post(uint32_t kind, uint64_t bytes, uint64_t* position = nullptr) const {
    return testing::post_in_time(*to_b, kind, bytes, position);
  }
  static Status run_kernel(PortChannel& channel, Gpu& gpu, uint32_t rank, uint32_t iterations) {
    TriggerSource* source = nullptr;
    ProxyService& proxy = channel.proxy();
    Status status = proxy.source(
        gpu.number(), [&](std::unique_ptr<TriggerSource>* out) { return CudaFifo::open(proxy, gpu, out); }, &source);
    hawser_port_device_channel kernel{};
    if (status.ok()) status = static_cast<CudaFifo*>(source)->attach(channel, &kernel);
    Nanos elapsed = 0;
    if (status.ok()) {
      status = run_bidir_put(gpu, {kernel, rank, kBytes / 2, iterations}, testing::kPatience, &elapsed);
    }
    EXPECT_GT(elapsed, 0);
    return status;
  }
  void run_kernels() {
    make_channels();
    at_a->fill(1);
    at_b->fill(2);
    Status of_b;
    std::thread other([&] { of_b = run_kernel(*to_a, *at_a->gpu, 1, 20); });
    const Status of_a = run_kernel(*to_b, *at_a->gpu, 0, 20);
    other.join();
    EXPECT_TRUE(of_a.ok()) << of_a.text();
    EXPECT_TRUE(of_b.ok()) << of_b.text();
    std::vector<unsigned char> expected(kBytes, 1);
    std::fill(expected.begin() + kBytes / 2, expected.end(), static_cast<unsigned char>(2));
    EXPECT_EQ(at_a->read(), expected);
    EXPECT_EQ(at_b->read(), expected);
  }

  std::unique_ptr<DeviceBuffer> at_a;
  std::unique_ptr<DeviceBuffer> at_b;
  std::unique_ptr<Pair> pair;
  std::shared_ptr<Memory> mine;
  std::shared_ptr<Memory> theirs;
  PortChannel* to_b = nullptr;
  PortChannel* to_a = nullptr;
};

TEST_F(CudaChannels, NoSignalIsSeenBeforeItsBytes) {
  pair->add_semaphores();
  make_channels();
  for (int round = 1; round <= 40; ++round) {
    at_a->fill(static_cast<unsigned char>(round));
    ASSERT_EQ(post(kPutWithSignal, kBytes), HAWSER_OK);
    const Status status = to_a->wait(soon(), kUsualSpin);
    ASSERT_TRUE(status.ok()) << status.text();
    ASSERT_EQ(at_b->read(), std::vector<unsigned char>(kBytes, static_cast<unsigned char>(round)));
  }
}

// More than the stream is let hold, and a flush behind all of it.
TEST_F(CudaChannels, AFlushWaitsForEveryPut) {
  constexpr uint64_t kPuts = 1500;
  pair->add_semaphores();
  make_channels();
  at_a->fill(9);
  for (uint64_t i = 0; i < kPuts; ++i) ASSERT_EQ(post(kPutWithSignal, 64), HAWSER_OK);
  uint64_t position = 0;
  ASSERT_EQ(post(HAWSER_TRIGGER_PUT | HAWSER_TRIGGER_FLUSH, kBytes, &position), HAWSER_OK);
  const Status status = to_b->flushed(position, soon(), kUsualSpin);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(at_b->read(), std::vector<unsigned char>(kBytes, 9));
  EXPECT_EQ(load_word(pair->b.semaphores[0]->word()), kPuts);
}

TEST_F(CudaChannels, KernelsWaitOnWordsOfTheHost) {
  pair->add_semaphores();
  run_kernels();
}

TEST_F(CudaChannels, KernelsWaitOnWordsOfTheirGpu) {
  add_device_semaphores();
  EXPECT_EQ(pair->a.semaphores[0]->wait(1, soon(), 0).code(), HAWSER_INVALID_ARGUMENT);
  run_kernels();
}

TEST_F(CudaChannels, HostMemoryIsPutIntoAGpu) {
  pair->add_semaphores();
  mine = pair->a.make_memory(kBytes, kCuda);
  std::memset(pair->a.buffers[0]->data(), 5, kBytes);
  make_channels();
  ASSERT_EQ(post(kPutWithSignal, kBytes), HAWSER_OK);
  ASSERT_TRUE(to_a->wait(soon(), kUsualSpin).ok());
  EXPECT_EQ(at_b->read(), std::vector<unsigned char>(kBytes, 5));
}

TEST_F(CudaChannels, APutIntoFreedMemoryNamesIt) {
  pair->add_semaphores();
  make_channels();
  theirs->free();
  (void)post(HAWSER_TRIGGER_PUT, kBytes);
  const Nanos deadline = soon();
  while (pair->a.connections[0]->open() && now() < deadline) std::this_thread::yield();
  EXPECT_EQ(to_b->error().code(), HAWSER_REFUSED);
  EXPECT_THAT(to_b->error().text(), HasSubstr(theirs->name()));
}

TEST_F(CudaChannels, AnEndpointIsOfAGpu) {
  std::unique_ptr<Endpoint> endpoint;
  hawser_endpoint_config config = endpoint_config(kCuda);
  EXPECT_EQ(Endpoint::open(pair->a.context, config, &endpoint).code(), HAWSER_INVALID_ARGUMENT);
  config.device = 63;
  EXPECT_THAT(Endpoint::open(pair->a.context, config, &endpoint).text(), HasSubstr("GPU 63"));
}

TEST_F(CudaChannels, MemoryThatIsNoGpusIsRefused) {
  std::vector<unsigned char> here(64);
  std::shared_ptr<Memory> memory;
  const Status status =
      Memory::register_local(pair->a.context, here.data(), 64, HAWSER_MEMORY_DEVICE, 1u << kCuda, &memory);
  EXPECT_EQ(status.code(), HAWSER_INVALID_ARGUMENT);
  EXPECT_THAT(status.text(), HasSubstr("in no memory of a GPU"));
}

TEST(CudaIpc, SaysWhyItCannotBeHad) {
  const Driver* driver = nullptr;
  const Status why = Driver::get(&driver);
  if (why.ok()) GTEST_SKIP() << "there is a driver";
  const Side side(0);
  Transport* transport = nullptr;
  const Status status = const_cast<Side&>(side).context.transport(kCuda, &transport);
  EXPECT_EQ(status.code(), HAWSER_UNSUPPORTED);
  EXPECT_EQ(status.text(), why.text());
}

// One side of two processes: puts its rank's byte into the other's memory, and waits for the other's.
void swap(int32_t rank, Pipe& pipe) {
  const DeviceBuffer buffer(rank % gpus());
  const DeviceBuffer source(rank % gpus());
  source.fill(static_cast<unsigned char>(rank + 1));
  Side side(rank);
  hawser_endpoint_config config = endpoint_config(kCuda);
  config.device = rank % gpus();
  std::unique_ptr<Endpoint> endpoint;
  ASSERT_TRUE(Endpoint::open(side.context, config, &endpoint).ok());
  pipe.tell(endpoint->told());
  std::shared_ptr<Connection> connection;
  Status status = endpoint->connect(reader(pipe.hear()), soon(), &connection);
  ASSERT_TRUE(status.ok()) << status.text();
  side.connections.push_back(connection);
  std::unique_ptr<Semaphore> semaphore;
  ASSERT_TRUE(Semaphore::open(connection, &semaphore).ok());
  pipe.tell(semaphore->told());
  ASSERT_TRUE(semaphore->join(reader(pipe.hear()), soon()).ok());
  const auto mine = buffer.share(side.context);
  pipe.tell(mine->told());
  std::shared_ptr<Memory> theirs;
  status = Memory::import(side.context, reader(pipe.hear()), soon(), &theirs);
  ASSERT_TRUE(status.ok()) << status.text();
  side.start_proxy();
  PortChannel& channel = side.channel(semaphore.get(), theirs, source.share(side.context));
  side.semaphores.push_back(std::move(semaphore));
  uint64_t position = 0;
  ASSERT_EQ(channel.post(kPutWithSignal | HAWSER_TRIGGER_FLUSH, 0, 0, kBytes, &position), HAWSER_OK);
  status = channel.wait(soon(), kUsualSpin);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(buffer.read(), std::vector<unsigned char>(kBytes, static_cast<unsigned char>(2 - rank)));
  EXPECT_TRUE(channel.flushed(position, soon(), kUsualSpin).ok());
  // Neither goes before the other has seen everything.
  pipe.tell({1});
  EXPECT_EQ(pipe.hear().size(), 1u);
}

// A process that has used CUDA cannot fork: the peers ask for GPUs themselves.
TEST(CudaIpc, ProcessesPutIntoEachOthersGpus) {
  PeerProcess peer([](Pipe& pipe) {
    if (gpus() > 0) swap(1, pipe);
    return true;
  });
  std::string why;
  if (gpus(&why) == 0) GTEST_SKIP() << why;
  swap(0, peer.pipe());
  EXPECT_EQ(peer.wait(), 0);
}

}  // namespace
}  // namespace hawser::port
