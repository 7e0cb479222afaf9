// The facts of hawser_layout_at: the size of every struct of the ABI, and the offset and size of every field.
#include <cstddef>

#include "base/text.h"
#include "hawser.h"

namespace {

struct Fact {
  const char* name;
  uint64_t offset;
  uint64_t size;
};

#define STRUCT(type) \
  { #type, 0, sizeof(type) }
#define FIELD(type, field) \
  { #type "." #field, offsetof(type, field), sizeof(type::field) }

constexpr Fact kFacts[] = {
    STRUCT(hawser_error),
    FIELD(hawser_error, code),
    FIELD(hawser_error, sys_errno),
    FIELD(hawser_error, rank),
    FIELD(hawser_error, lane),
    FIELD(hawser_error, device),
    FIELD(hawser_error, text),
    STRUCT(hawser_layout),
    FIELD(hawser_layout, name),
    FIELD(hawser_layout, offset),
    FIELD(hawser_layout, size),
    STRUCT(hawser_device),
    FIELD(hawser_device, name),
    FIELD(hawser_device, address),
    FIELD(hawser_device, index),
    FIELD(hawser_device, mtu),
    FIELD(hawser_device, speed_mbps),
    FIELD(hawser_device, numa_node),
    FIELD(hawser_device, up),
    FIELD(hawser_device, lane),
    FIELD(hawser_device, pci),
    FIELD(hawser_device, reason),
    STRUCT(hawser_op),
    FIELD(hawser_op, sequence),
    FIELD(hawser_op, kind),
    FIELD(hawser_op, link),
    FIELD(hawser_op, id),
    FIELD(hawser_op, tag),
    FIELD(hawser_op, address),
    FIELD(hawser_op, bytes),
    FIELD(hawser_op, memory),
    FIELD(hawser_op, reserved),
    STRUCT(hawser_event),
    FIELD(hawser_event, id),
    FIELD(hawser_event, kind),
    FIELD(hawser_event, code),
    FIELD(hawser_event, link),
    FIELD(hawser_event, lane),
    FIELD(hawser_event, bytes),
    FIELD(hawser_event, offset),
    STRUCT(hawser_chunk),
    FIELD(hawser_chunk, id),
    FIELD(hawser_chunk, offset),
    FIELD(hawser_chunk, bytes),
    FIELD(hawser_chunk, reserved),
    STRUCT(hawser_cursor),
    FIELD(hawser_cursor, value),
    FIELD(hawser_cursor, pad),
    STRUCT(hawser_engine_shared),
    FIELD(hawser_engine_shared, abi_version),
    FIELD(hawser_engine_shared, op_capacity),
    FIELD(hawser_engine_shared, event_capacity),
    FIELD(hawser_engine_shared, sleeping),
    FIELD(hawser_engine_shared, ops_offset),
    FIELD(hawser_engine_shared, events_offset),
    FIELD(hawser_engine_shared, reserved),
    FIELD(hawser_engine_shared, op_tail),
    FIELD(hawser_engine_shared, op_head),
    FIELD(hawser_engine_shared, event_tail),
    FIELD(hawser_engine_shared, event_head),
    STRUCT(hawser_lane_state),
    FIELD(hawser_lane_state, submitted_bytes),
    FIELD(hawser_lane_state, submitted_chunks),
    FIELD(hawser_lane_state, driver_reserved),
    FIELD(hawser_lane_state, taken_chunks),
    FIELD(hawser_lane_state, written_chunks),
    FIELD(hawser_lane_state, acked_bytes),
    FIELD(hawser_lane_state, acked_chunks),
    FIELD(hawser_lane_state, returned_bytes),
    FIELD(hawser_lane_state, returned_chunks),
    FIELD(hawser_lane_state, rate),
    FIELD(hawser_lane_state, alive),
    FIELD(hawser_lane_state, sent_bytes),
    FIELD(hawser_lane_state, received_bytes),
    FIELD(hawser_lane_state, sent_messages),
    FIELD(hawser_lane_state, received_messages),
    FIELD(hawser_lane_state, losses),
    FIELD(hawser_lane_state, returns),
    FIELD(hawser_lane_state, checksum_errors),
    FIELD(hawser_lane_state, strangers),
    STRUCT(hawser_link_shared),
    FIELD(hawser_link_shared, lanes),
    FIELD(hawser_link_shared, state),
    FIELD(hawser_link_shared, unacknowledged),
    FIELD(hawser_link_shared, engine_reserved),
    FIELD(hawser_link_shared, backlog),
    FIELD(hawser_link_shared, driver_reserved),
    FIELD(hawser_link_shared, lane),
    FIELD(hawser_link_shared, chunks),
    STRUCT(hawser_config),
    FIELD(hawser_config, struct_size),
    FIELD(hawser_config, rank),
    FIELD(hawser_config, op_capacity),
    FIELD(hawser_config, event_capacity),
    FIELD(hawser_config, chunk_bytes),
    FIELD(hawser_config, eager_bytes),
    FIELD(hawser_config, sockets_per_lane),
    FIELD(hawser_config, lane_loss),
    FIELD(hawser_config, checksum),
    FIELD(hawser_config, zerocopy),
    FIELD(hawser_config, silence_ns),
    FIELD(hawser_config, link_timeout_ns),
    FIELD(hawser_config, lanes),
    STRUCT(hawser_lane_info),
    FIELD(hawser_lane_info, device),
    FIELD(hawser_lane_info, local_address),
    FIELD(hawser_lane_info, peer_address),
    FIELD(hawser_lane_info, peer_device),
    FIELD(hawser_lane_info, speed_mbps),
    FIELD(hawser_lane_info, sockets),
    FIELD(hawser_lane_info, last_error),
    STRUCT(hawser_link_info),
    FIELD(hawser_link_info, peer_rank),
    FIELD(hawser_link_info, lanes),
    FIELD(hawser_link_info, checksum),
    FIELD(hawser_link_info, initiator),
    FIELD(hawser_link_info, peer_host),
};

}  // namespace

int32_t hawser_layout_at(uint32_t index, hawser_layout* out) {
  if (index >= sizeof(kFacts) / sizeof(kFacts[0])) return HAWSER_INVALID_ARGUMENT;
  const Fact& fact = kFacts[index];
  hawser::copy_text(out->name, fact.name);
  out->offset = fact.offset;
  out->size = fact.size;
  return HAWSER_OK;
}
