#include "port/cuda/ipc.h"

#include <ctime>

#include "port/context.h"

namespace hawser::port {

using cuda::OnGpu;

namespace {

// Operations that the stream may hold: above that a driver makes its callers wait.
constexpr uint64_t kDeep = 512;
// After so many the stream tells how far it is.
constexpr uint64_t kBetweenNotes = 64;
// The end of a connection waits so long for copies under way.
constexpr Nanos kPatience = 5 * kSecond;
constexpr Nanos kLook = 50 * kMicrosecond;

}  // namespace

// What the stream tells when it comes to it, in a callback on a thread of the driver's, where CUDA may not be called.
struct CudaConnection::Notes {
  struct Note {
    uint64_t issued;
    uint64_t mark;  // 0: of no fence
  };
  std::mutex mutex;
  CudaConnection* owner = nullptr;  // null once it has stopped
  std::deque<Note> due;
  uint64_t done = 0;  // operations
  bool starved = false;
};

CudaConnection::CudaConnection(Context& context, std::unique_ptr<Control> control, cuda::Gpu& gpu)
    : Connection(context, HAWSER_PORT_CUDA_IPC, std::move(control)), gpu_(gpu), notes_(std::make_unique<Notes>()) {
  notes_->owner = this;
}

Status CudaConnection::open(Context& context, std::unique_ptr<Control> control, cuda::Gpu& gpu,
                            std::shared_ptr<Connection>* out) {
  std::shared_ptr<CudaConnection> connection(new CudaConnection(context, std::move(control), gpu));
  const OnGpu on(gpu);
  if (!on.status().ok()) return on.status();
  Status status = gpu.check(gpu.driver().cuStreamCreate(&connection->stream_, CU_STREAM_NON_BLOCKING),
                            "it gives no stream for a connection");
  if (status.ok()) *out = std::move(connection);
  return status;
}

CudaConnection::~CudaConnection() { CudaConnection::stop(); }

void CudaConnection::stop() {
  if (stream_ == nullptr) return;
  {
    const std::scoped_lock lock(notes_->mutex);
    notes_->owner = nullptr;
  }
  const OnGpu on(gpu_);
  const Nanos deadline = now() + kPatience;
  CUresult result = gpu_.driver().cuStreamQuery(stream_);
  while (result == CUDA_ERROR_NOT_READY && now() < deadline) {
    const timespec look{0, kLook};
    nanosleep(&look, nullptr);
    result = gpu_.driver().cuStreamQuery(stream_);
  }
  gpu_.driver().cuStreamDestroy(stream_);
  stream_ = nullptr;
  // A GPU that hangs, or has failed, may still come back to the callbacks: they keep what they look at.
  if (result != CUDA_SUCCESS) notes_.release();
}

bool CudaConnection::advance(Work& work) {
  if (!has_room()) return false;
  if (Status status = issue(work); !status.ok()) fail(std::move(status));
  return true;
}

bool CudaConnection::has_room() {
  const std::scoped_lock lock(notes_->mutex);
  notes_->starved = issued_ - notes_->done >= kDeep;
  return !notes_->starved;
}

Status CudaConnection::issue(const Work& work) {
  const OnGpu on(gpu_);
  if (!on.status().ok()) return on.status();
  if (work.kind == Work::Kind::kFence) return note(work.value);
  Status status;
  if (work.kind == Work::Kind::kPut) {
    status = copy(work);
  } else {
    CUdeviceptr word = 0;
    status = find(work, &word);
    // By default it waits until all that the stream wrote before can be seen by everyone.
    if (status.ok()) {
      status = gpu_.check(gpu_.driver().cuStreamWriteValue64(stream_, word, work.value, CU_STREAM_WRITE_VALUE_DEFAULT),
                          "it cannot signal into " + work.destination->name());
    }
  }
  if (!status.ok() || ++issued_ % kBetweenNotes != 0) return status;
  return note(0);
}

Status CudaConnection::copy(const Work& work) {
  CUdeviceptr to = 0;
  if (Status status = find(work, &to); !status.ok()) return status;
  if (work.bytes == 0) return {};
  // A source that is not registered for this transport may be pageable memory: the driver then copies it at once.
  if (auto* own = static_cast<CudaOwn*>(work.source->registration(transport()))) {
    if (Status status = own->prepare(gpu_); !status.ok()) return status;
  }
  const CUdeviceptr from = reinterpret_cast<CUdeviceptr>(work.source->address()) + work.source_offset;
  return gpu_.check(gpu_.driver().cuMemcpyAsync(to, from, work.bytes, stream_),
                    "it cannot copy " + std::to_string(work.bytes) + " bytes from " + work.source->name() + " to " +
                        work.destination->name());
}

Status CudaConnection::find(const Work& work, CUdeviceptr* out) {
  auto* peer = static_cast<CudaPeer*>(work.destination->registration(transport()));
  if (!peer->lives()) {
    const std::string from = work.source == nullptr ? "a signal" : "a put from " + work.source->name();
    return {HAWSER_REFUSED, work.destination->name() + " was freed there, and " + from + " was on its way to it"};
  }
  Status status = peer->address(gpu_, out);
  *out += work.destination_offset;
  return status;
}

Status CudaConnection::note(uint64_t mark) {
  {
    const std::scoped_lock lock(notes_->mutex);
    notes_->due.push_back({issued_, mark});
  }
  return gpu_.check(gpu_.driver().cuLaunchHostFunc(stream_, &on_note, notes_.get()),
                    "it cannot tell when its copies are complete");
}

void CudaConnection::on_note(void* data) {
  auto& notes = *static_cast<Notes*>(data);
  std::shared_ptr<Connection> starved;
  {
    const std::scoped_lock lock(notes.mutex);
    const Notes::Note note = notes.due.front();
    notes.due.pop_front();
    notes.done = note.issued;
    if (notes.owner == nullptr) return;
    if (note.mark != 0) notes.owner->complete(note.mark);
    if (std::exchange(notes.starved, false)) starved = notes.owner->weak_from_this().lock();
  }
  if (starved != nullptr) starved->context().pump(starved);
}

Status CudaConnection::make_device_word(std::shared_ptr<void>* storage, std::shared_ptr<Memory>* memory) {
  void* word = nullptr;
  if (Status status = gpu_.allocate(sizeof(hawser_port_word), &word); !status.ok()) return status;
  *storage = std::shared_ptr<void>(word, [&gpu = gpu_](void* address) { gpu.free(address); });
  return Memory::register_local(context(), word, sizeof(hawser_port_word), HAWSER_MEMORY_DEVICE, 1u << transport(),
                                memory);
}

}  // namespace hawser::port
