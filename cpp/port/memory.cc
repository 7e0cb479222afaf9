#include "port/memory.h"

#include "port/context.h"

namespace hawser::port {

namespace {

constexpr uint32_t kMagic = 0x4d505748;  // "HWPM"
constexpr uint16_t kVersion = 1;
constexpr uint32_t kTransports = 16;

}  // namespace

std::string name_of(uint32_t transport) {
  if (transport == HAWSER_PORT_MEMORY) return "Memory";
  if (transport == HAWSER_PORT_CUDA_IPC) return "CudaIpc";
  if (transport == HAWSER_PORT_TCP) return "Tcp";
  if (is_ib(transport)) return "IB" + std::to_string(transport - HAWSER_PORT_IB0);
  return "transport " + std::to_string(transport);
}

Status Memory::register_local(Context& context, void* address, uint64_t bytes, uint32_t kind, uint32_t transports,
                              std::shared_ptr<Memory>* out) {
  if (address == nullptr || bytes == 0) return {HAWSER_INVALID_ARGUMENT, "a memory has an address and 1 byte or more"};
  if (kind != HAWSER_MEMORY_HOST && kind != HAWSER_MEMORY_DEVICE) {
    return {HAWSER_INVALID_ARGUMENT, "memory is of the host or of a device, not of kind " + std::to_string(kind)};
  }
  std::shared_ptr<Memory> memory(new Memory(context));
  memory->local_ = true;
  memory->address_ = address;
  memory->bytes_ = bytes;
  memory->kind_ = kind;
  memory->number_ = context.next_number();
  memory->transports_ = transports;
  memory->origin_ = context.origin();
  Writer& told = memory->told_;
  told.put(kMagic);
  told.put(kVersion);
  memory->origin_.write(told);
  told.put(memory->number_);
  told.put(bytes);
  told.put(kind);
  told.put(transports);
  for (uint32_t kind_of = 0; kind_of < kTransports; ++kind_of) {
    if ((transports >> kind_of & 1) == 0) continue;
    Transport* transport = nullptr;
    if (Status status = context.transport(kind_of, &transport); !status.ok()) return status;
    Writer part;
    Status status = transport->register_memory(*memory, part, &memory->registrations_[kind_of]);
    if (!status.ok()) return status;
    told.put_all(part);
  }
  *out = std::move(memory);
  return {};
}

Status Memory::import(Context& context, Reader told, Nanos deadline, std::shared_ptr<Memory>* out) {
  const auto magic = told.get<uint32_t>();
  const auto version = told.get<uint16_t>();
  if (!told.ok() || magic != kMagic) return {HAWSER_INVALID_ARGUMENT, "these are not the bytes of a registered memory"};
  if (version != kVersion) {
    return {HAWSER_VERSION_MISMATCH, "the memory was registered by another release of Hawser: run the same on both"};
  }
  std::shared_ptr<Memory> memory(new Memory(context));
  memory->origin_ = Origin::read(told);
  memory->number_ = told.get<uint64_t>();
  memory->bytes_ = told.get<uint64_t>();
  memory->kind_ = told.get<uint32_t>();
  memory->transports_ = told.get<uint32_t>();
  for (uint32_t kind_of = 0; kind_of < kTransports; ++kind_of) {
    if ((memory->transports_ >> kind_of & 1) == 0) continue;
    const Reader part = told.get_block();
    if (!told.ok()) break;
    Transport* transport = nullptr;
    // What this end cannot use it need not know.
    if (!context.transport(kind_of, &transport).ok()) continue;
    Status status = transport->import_memory(*memory, part, deadline, &memory->registrations_[kind_of]);
    if (!status.ok()) return status;
  }
  if (!told.ok()) return {HAWSER_INVALID_ARGUMENT, "the bytes of the registered memory are cut short"};
  *out = std::move(memory);
  return {};
}

Memory::~Memory() = default;

void Memory::free() {
  alive_.store(false, std::memory_order_release);
  for (auto& registration : registrations_) {
    if (registration != nullptr) registration->end();
  }
}

std::string Memory::name() const {
  return "memory " + std::to_string(number_) + " of " + origin_.name() + " (" + std::to_string(bytes_) + " bytes)";
}

}  // namespace hawser::port
