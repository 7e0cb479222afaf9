// The transport CudaIpc: a GPU's copy engine writes into memory of a peer process on this host.
#include <algorithm>

#include "port/context.h"
#include "port/cuda/ipc.h"

namespace hawser::port {

using cuda::Gpu;

namespace {

class GpuEndpoint : public EndpointState {
 public:
  explicit GpuEndpoint(Gpu& gpu) : gpu_(gpu) {}
  Gpu& gpu() { return gpu_; }

 private:
  Gpu& gpu_;
};

class CudaTransport : public Transport {
 public:
  explicit CudaTransport(Context& context) : context_(context), memories_(context) {}

  Status register_memory(const Memory& memory, Writer& told, std::unique_ptr<Registration>* out) override {
    std::shared_ptr<SharedMemory> shared;
    DevicePlace place;
    if (memory.kind() == HAWSER_MEMORY_DEVICE) {
      if (Status status = place_of(memory, &place); !status.ok()) return status;
    } else {
      shared = SharedMemory::find(memory.address(), memory.bytes());
      if (shared == nullptr) {
        return {HAWSER_INVALID_ARGUMENT, memory.name() + " cannot be mapped by peers: for the transport CudaIpc it " +
                                             "must be of a GPU, or in shared memory (hawser_shared_allocate)"};
      }
    }
    NearPlace near;
    std::unique_ptr<NearOwn> own;
    if (Status status = memories_.tell(memory, std::move(shared), &near, &own); !status.ok()) return status;
    told.put(near);
    told.put(place);
    *out = std::make_unique<CudaOwn>(std::move(own));
    return {};
  }

  Status import_memory(const Memory& memory, Reader told, Nanos deadline, std::unique_ptr<Registration>* out) override {
    const auto near = told.get<NearPlace>();
    const auto place = told.get<DevicePlace>();
    if (!told.ok() || (place.gpu < 0) != (near.shared != 0)) {
      return {HAWSER_INVALID_ARGUMENT, memory.name() + " contradicts itself"};
    }
    std::unique_ptr<NearPeer> peer;
    Status status = memories_.import(memory, near, deadline, &peer);
    if (!status.ok() || peer == nullptr) return status;
    auto imported =
        std::make_unique<CudaPeer>(memory, context_.doors().is_here(memory.origin()), std::move(peer), place);
    // At once for the GPUs that are known to need it, so that what cannot be opened is told here.
    const std::scoped_lock lock(mutex_);
    for (Gpu* gpu : gpus_) {
      CUdeviceptr address = 0;
      if (status = imported->address(*gpu, &address); !status.ok()) return status;
    }
    *out = std::move(imported);
    return {};
  }

  Status open_endpoint(const hawser_endpoint_config& config, Writer&, std::unique_ptr<EndpointState>* out) override {
    if (config.device < 0) {
      return {HAWSER_INVALID_ARGUMENT, "an endpoint of CudaIpc is of a GPU: give its number as the device"};
    }
    Gpu* gpu = nullptr;
    if (Status status = Gpu::get(config.device, &gpu); !status.ok()) return status;
    if (Status status = can_signal(*gpu); !status.ok()) return status;
    const std::scoped_lock lock(mutex_);
    if (std::find(gpus_.begin(), gpus_.end(), gpu) == gpus_.end()) gpus_.push_back(gpu);
    *out = std::make_unique<GpuEndpoint>(*gpu);
    return {};
  }

  Status connect(EndpointState& mine, Reader, std::unique_ptr<Control> control, Nanos,
                 std::shared_ptr<Connection>* out) override {
    if (!context_.doors().is_near(control->peer())) {
      return Status(HAWSER_UNSUPPORTED, control->peer().name() + " is on another machine: take IB or Tcp")
          .of_rank(control->peer().rank);
    }
    return CudaConnection::open(context_, std::move(control), static_cast<GpuEndpoint&>(mine).gpu(), out);
  }

 private:
  static Status can_signal(const Gpu& gpu) {
    int can = 0;
    const CUresult result =
        gpu.driver().cuDeviceGetAttribute(&can, CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS, gpu.device());
    if (result != CUDA_SUCCESS || can != 0) return gpu.check(result, "it does not tell what its streams can do");
    return {HAWSER_UNSUPPORTED, "GPU " + std::to_string(gpu.number()) + " cannot write words in the order of a stream"};
  }

  Context& context_;
  NearMemories memories_;
  std::mutex mutex_;
  std::vector<Gpu*> gpus_;  // of endpoints
};

}  // namespace

Status make_cuda_ipc_transport(Context& context, std::unique_ptr<Transport>* out) {
  const cuda::Driver* driver = nullptr;
  if (Status status = cuda::Driver::get(&driver); !status.ok()) return status;
  if (driver->devices() == 0) return {HAWSER_UNSUPPORTED, "CUDA sees no GPU: does CUDA_VISIBLE_DEVICES hide it?"};
  *out = std::make_unique<CudaTransport>(context);
  return {};
}

}  // namespace hawser::port
