#include "lane/driver.h"

namespace hawser {

Driver::Driver(Engine& engine, RingDriver::OnEvent on_event)
    : engine_(engine), rings_(engine.shared(), std::move(on_event)) {}

Status Driver::attach(Link* link, uint32_t* id) {
  if (Status status = engine_.attach(link, id); !status.ok()) return status;
  rings_.attached(*id, link->shared());
  return {};
}

uint64_t Driver::post(hawser_op_kind kind, uint32_t link, uint64_t tag, const void* data, uint64_t bytes,
                      uint64_t memory) {
  hawser_op op{};
  op.kind = static_cast<uint32_t>(kind);
  op.link = link;
  op.id = next_id_;
  op.tag = tag;
  op.address = reinterpret_cast<uint64_t>(data);
  op.bytes = bytes;
  op.memory = memory;
  return rings_.post(op) ? next_id_++ : 0;
}

uint64_t Driver::send(uint32_t link, uint64_t tag, const void* data, uint64_t bytes, uint64_t memory) {
  return post(HAWSER_OP_SEND, link, tag, data, bytes, memory);
}

uint64_t Driver::receive(uint32_t link, uint64_t tag, void* data, uint64_t capacity, uint64_t memory) {
  return post(HAWSER_OP_RECEIVE, link, tag, data, capacity, memory);
}

bool Driver::cancel(uint32_t link, uint64_t id) {
  hawser_op op{};
  op.kind = HAWSER_OP_CANCEL;
  op.link = link;
  op.id = id;
  return rings_.post(op);
}

void Driver::drive(Nanos timeout, Nanos spin) {
  engine_.progress(timeout, spin);
  rings_.after_progress();
}

}  // namespace hawser
