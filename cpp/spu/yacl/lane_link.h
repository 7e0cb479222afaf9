// yacl's link over Hawser's lanes, for programs in C++ that link libspu or yacl themselves. Parties in Java
// (org.hawser.comm.LaneCommunicator with org.hawser.link.BaseChannel) join the same job.
//
//   auto lanes = hawser::connect_lanes(rank, {"10.0.0.1:12347", "10.0.0.2:12347"}, {});
//   auto context = hawser::create_lane_context(desc, rank, lanes);
//   context->ConnectToMesh();
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spu/yacl/lane_channel.h"
#include "spu/yacl/lane_options.h"
#include "yacl/link/context.h"
#include "yacl/link/factory.h"

namespace hawser {

// Connects all ranks with each other; every rank calls this, in any order, and listens at its own address. Blocks until
// all are there; throws yacl::IoError or yacl::LinkError, naming the rank that is missing, after
// LaneOptions::connect_timeout. The result closes its links when nothing uses it any more.
std::shared_ptr<LaneCommunicator> connect_lanes(size_t rank, const std::vector<std::string>& addresses,
                                                const LaneOptions& options);

// A link among all ranks. `rank` must be the communicator's. Several links may share one communicator, each with a tag
// prefix of its own, which is the same at all ranks.
std::shared_ptr<::yacl::link::Context> create_lane_context(const ::yacl::link::ContextDesc& desc, size_t rank,
                                                           std::shared_ptr<LaneCommunicator> communicator,
                                                           const std::string& tag_prefix = "spu");

// As yacl's own factories: the parties' hosts are the addresses, and a context has lanes of its own.
class FactoryLanes : public ::yacl::link::ILinkFactory {
 public:
  explicit FactoryLanes(LaneOptions options = {}) : options_(std::move(options)) {}
  std::shared_ptr<::yacl::link::Context> CreateContext(const ::yacl::link::ContextDesc& desc,
                                                       size_t self_rank) override;

 private:
  LaneOptions options_;
};

}  // namespace hawser
