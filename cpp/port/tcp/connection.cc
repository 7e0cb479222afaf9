#include "port/tcp/connection.h"

#include "port/context.h"

namespace hawser::port {

namespace {

tcp::Record record_of(tcp::Kind kind, const Work& work, const TcpPeerMemory& destination) {
  tcp::Record record{};
  record.kind = kind;
  record.memory = work.destination->number();
  record.key = destination.key();
  record.offset = work.destination_offset;
  record.bytes = work.bytes;
  record.value = work.kind == Work::Kind::kPut ? work.source->number() : work.value;
  return record;
}

}  // namespace

Status only_host_memory(const Memory& memory) {
  if (memory.kind() == HAWSER_MEMORY_HOST) return {};
  return {HAWSER_UNSUPPORTED, memory.name() +
                                  " is a GPU's, which the transport Tcp cannot read or write: copy to host "
                                  "memory, or use another transport"};
}

TcpConnection::TcpConnection(Context& context, std::unique_ptr<Control> control, TcpDriver& driver,
                             TcpMemories& memories, std::unique_ptr<Link> link)
    : Connection(context, HAWSER_PORT_TCP, std::move(control)),
      driver_(driver),
      stream_(std::make_shared<TcpStream>(driver, memories, std::move(link), static_cast<TcpStream::Owner&>(*this),
                                          context.origin().name(), peer_name())) {}

TcpConnection::~TcpConnection() { settle(); }

Status TcpConnection::open() {
  Status status;
  driver_.run([&] { status = stream_->open(); });
  return status;
}

bool TcpConnection::advance(Work& work) {
  TcpOutbound& outbound = stream_->outbound();
  if (work.kind == Work::Kind::kFence) {
    tcp::Record fence{};
    fence.kind = tcp::Kind::kFence;
    fence.value = work.value;
    stream_->expect_fenced(work.value);
    return outbound.say(fence);
  }
  const auto& destination = static_cast<const TcpPeerMemory&>(*work.destination->registration(HAWSER_PORT_TCP));
  if (work.kind == Work::Kind::kSignal) return outbound.say(record_of(tcp::Kind::kSignal, work, destination));
  if (Status status = only_host_memory(*work.source); !status.ok()) {
    fail(std::move(status));
    return true;
  }
  const auto* source = static_cast<const unsigned char*>(work.source->address()) + work.source_offset;
  return outbound.put(record_of(tcp::Kind::kPut, work, destination), source);
}

void TcpConnection::stop() {
  driver_.later([stream = stream_] { stream->close(); });
}

void TcpConnection::settle() {
  driver_.run([this] { stream_->close(); });
}

}  // namespace hawser::port
