#include "nccl/comm.h"

#include <sys/random.h>

#include <algorithm>
#include <limits>

#include "nccl/context.h"
#include "nccl/log.h"
#include "nccl/rendezvous.h"

namespace hawser::nccl {

namespace {

int narrow(uint64_t bytes) {
  return static_cast<int>(std::min<uint64_t>(bytes, static_cast<uint64_t>(std::numeric_limits<int>::max())));
}

const char* meaning(int32_t code) {
  switch (code) {
    case HAWSER_TRUNCATED:
      return "a message was longer than its receive";
    case HAWSER_CLOSED:
      return "the peer has closed the connection";
    case HAWSER_LINK_FAILED:
      return "all lanes to the peer are lost";
    default:
      return "an operation failed";
  }
}

}  // namespace

ListenComm::ListenComm(std::shared_ptr<Context> context)
    : context_(std::move(context)), listener_(context_->polled().engine()) {}

Status ListenComm::open(void* handle) {
  if (Status status = listener_.open("", 0); !status.ok()) return status;
  if (getrandom(ticket_.data(), sizeof ticket_, 0) != static_cast<ssize_t>(sizeof ticket_)) {
    return Status::from_errno(HAWSER_IO, "no random bytes for a ticket");
  }
  Rendezvous rendezvous{listener_.port(), ticket_, meeting_addresses(context_->polled().engine())};
  if (rendezvous.addresses.empty()) return {HAWSER_INVALID_ARGUMENT, "no device has an address to be met at"};
  rendezvous.write_to(handle);
  return {};
}

Status ListenComm::accept(std::unique_ptr<LinkComm>* out) {
  std::unique_ptr<Link> link;
  Status status = listener_.accept(0, &link);
  if (status.code() == HAWSER_TIMEOUT) return {};
  if (!status.ok()) return status;
  Ticket shown{};
  std::copy_n(link->channels().peer().ticket, shown.size(), shown.begin());
  if (shown != ticket_) return {};  // a stranger
  auto comm = std::make_unique<LinkComm>(context_, std::move(link));
  if (status = comm->attach(); status.ok()) *out = std::move(comm);
  return status;
}

LinkComm::LinkComm(std::shared_ptr<Context> context, std::unique_ptr<Link> link)
    : context_(std::move(context)), link_(std::move(link)) {
  for (Request& request : requests_) {
    request.comm = this;
    for (Request::Part& part : request.part) part.request = &request;
  }
}

LinkComm::~LinkComm() {
  if (attached_) context_->polled().detach(*link_, id_, !in_use());
}

Status LinkComm::attach() {
  Status status = context_->polled().attach(*link_, *this, &id_);
  attached_ = status.ok();
  return status;
}

Status LinkComm::register_memory(void* data, uint64_t bytes, std::unique_ptr<DeviceMemory>* out) {
  auto memory = std::make_unique<DeviceMemory>();
  Status status;
  context_->polled().as_driver(
      [&] { status = link_->register_memory(data, bytes, HAWSER_MEMORY_DEVICE, &memory->number); });
  if (status.ok()) *out = std::move(memory);
  return status;
}

Status LinkComm::deregister_memory(const DeviceMemory& memory) {
  Status status;
  context_->polled().as_driver([&] { status = link_->channels().deregister_memory(memory.number); });
  return status;
}

bool LinkComm::in_use() const {
  return std::any_of(requests_.begin(), requests_.end(),
                     [](const Request& request) { return request.taken && request.pending.load() != 0; });
}

std::string LinkComm::describe() const {
  hawser_link_info info{};
  link_->describe(&info);
  return std::string(info.initiator != 0 ? "sending to " : "receiving from ") + info.peer_host;
}

Request* LinkComm::take(size_t parts) {
  const auto free = std::find_if(requests_.begin(), requests_.end(), [](const Request& r) { return !r.taken; });
  if (free == requests_.end()) return nullptr;
  free->taken = true;
  free->parts = static_cast<int>(parts);
  free->asked = context_->polled().rounds();
  free->code.store(HAWSER_OK, std::memory_order_relaxed);
  // Relaxed, both: the ring of operations publishes them to whoever drives.
  free->pending.store(free->parts, std::memory_order_relaxed);
  return &*free;
}

void LinkComm::post(Request& request, size_t part, hawser_op_kind kind, const Buffer& buffer) {
  hawser_op op{};
  op.kind = static_cast<uint32_t>(kind);
  op.link = id_;
  op.id = reinterpret_cast<uint64_t>(&request.part[part]);
  op.tag = static_cast<uint32_t>(buffer.tag);
  op.address = reinterpret_cast<uint64_t>(buffer.data);
  op.bytes = buffer.bytes;
  op.memory = buffer.memory == nullptr ? 0 : buffer.memory->number;
  context_->polled().post(op);
}

Status LinkComm::isend(const Buffer& buffer, Request** out) {
  *out = take(1);
  if (*out != nullptr) post(**out, 0, HAWSER_OP_SEND, buffer);
  return {};
}

Status LinkComm::irecv(std::span<const Buffer> buffers, Request** out) {
  if (buffers.empty() || buffers.size() > static_cast<size_t>(kMaxReceives)) {
    return {HAWSER_INVALID_ARGUMENT,
            "a group has 1 to " + std::to_string(kMaxReceives) + " receives, not " + std::to_string(buffers.size())};
  }
  *out = take(buffers.size());
  for (size_t i = 0; *out != nullptr && i < buffers.size(); ++i) post(**out, i, HAWSER_OP_RECEIVE, buffers[i]);
  return {};
}

void LinkComm::on_event(const hawser_event& event) {
  switch (event.kind) {
    case HAWSER_EVENT_SEND_DONE:
    case HAWSER_EVENT_RECEIVE_DONE: {
      auto& part = *reinterpret_cast<Request::Part*>(event.id);
      part.bytes = event.bytes;
      if (event.code != HAWSER_OK) part.request->code.store(event.code, std::memory_order_relaxed);
      // Release: whoever finds nothing pending finds the bytes, the code and the message itself.
      part.request->pending.fetch_sub(1, std::memory_order_release);
      break;
    }
    case HAWSER_EVENT_LANE_LOST:
    case HAWSER_EVENT_LANE_BACK: {
      hawser_lane_info lane{};
      (void)link_->describe_lane(static_cast<uint32_t>(event.lane), &lane);
      const bool lost = event.kind == HAWSER_EVENT_LANE_LOST;
      log_info(describe() + ": lane " + std::to_string(event.lane) + " (" + lane.device + ") is " +
               (lost ? std::string("lost, the others go on: ") + lane.last_error : "back"));
      break;
    }
    case HAWSER_EVENT_LINK_FAILED:
      log_warning(describe() + ": " + link_->error().text());
      break;
    default:
      break;
  }
}

Status LinkComm::test(Request& request, int* done, int* bytes) {
  *done = 0;
  // Acquire: see on_event().
  if (request.pending.load(std::memory_order_acquire) != 0) {
    request.comm->context_->polled().poll(&request.asked);
  }
  const bool ended = request.pending.load(std::memory_order_acquire) == 0;
  if (const int32_t code = request.code.load(std::memory_order_relaxed); code != HAWSER_OK) {
    if (ended) request.taken = false;
    return {code, request.comm->describe() + ": " + meaning(code)};
  }
  if (!ended) return {};
  for (int i = 0; bytes != nullptr && i < request.parts; ++i) {
    bytes[i] = narrow(request.part[static_cast<size_t>(i)].bytes);
  }
  request.taken = false;
  *done = 1;
  return {};
}

}  // namespace hawser::nccl
