#include "spu/yacl/lane_link.h"

#include <utility>

#include "spu/yacl/lane_communicator.h"

namespace hawser {

using ::yacl::link::Context;
using ::yacl::link::ContextDesc;

std::shared_ptr<LaneCommunicator> connect_lanes(size_t rank, const std::vector<std::string>& addresses,
                                                const LaneOptions& options) {
  auto communicator = std::make_shared<LaneCommunicator>(rank, addresses.size(), options);
  communicator->listen(addresses[rank]);
  communicator->connect(addresses);
  return communicator;
}

std::shared_ptr<Context> create_lane_context(const ContextDesc& desc, size_t rank,
                                             std::shared_ptr<LaneCommunicator> communicator,
                                             const std::string& tag_prefix) {
  if (rank != communicator->rank() || desc.parties.size() != communicator->world_size()) {
    raise(HAWSER_INVALID_ARGUMENT, "rank " + std::to_string(rank) + " of " + std::to_string(desc.parties.size()) +
                                       " parties cannot use the lanes of rank " + std::to_string(communicator->rank()) +
                                       " of " + std::to_string(communicator->world_size()));
  }
  std::vector<std::shared_ptr<::yacl::link::transport::IChannel>> channels(desc.parties.size());
  for (size_t peer = 0; peer < channels.size(); ++peer) {
    if (peer == rank) continue;
    auto channel = std::make_shared<LaneChannel>(communicator, peer, tag_prefix);
    channel->SetRecvTimeout(desc.recv_timeout_ms);
    channel->SetThrottleWindowSize(desc.throttle_window_size);
    channels[peer] = std::move(channel);
  }
  return std::make_shared<Context>(desc, rank, std::move(channels), nullptr);
}

std::shared_ptr<Context> FactoryLanes::CreateContext(const ContextDesc& desc, size_t self_rank) {
  std::vector<std::string> addresses;
  for (const auto& party : desc.parties) addresses.push_back(party.host);
  return create_lane_context(desc, self_rank, connect_lanes(self_rank, addresses, options_));
}

}  // namespace hawser
