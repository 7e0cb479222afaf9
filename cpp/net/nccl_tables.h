// The tables that network plugins of NCCL export, of every version from 6 to 12: see nccl_abi.h.
#pragma once

#include <tuple>
#include <type_traits>

#include "net/nccl_abi.h"

namespace hawser::nccl {

// A function that kept its type over several versions has an alias here; the rest is in the versions below.
using DevicesFn = Result (*)(int* count);
template <typename Properties>
using GetPropertiesFn = Result (*)(int device, Properties* out);
using InitFn = Result (*)(Logger logger);
using ListenFn = Result (*)(int device, void* handle, void** listen_comm);
using ConnectFn = Result (*)(int device, void* handle, void** send_comm, NetDeviceHandle** offload);
using AcceptFn = Result (*)(void* listen_comm, void** receive_comm, NetDeviceHandle** offload);
// Memory is registered with one comm, of either direction, and its handle goes with every isend and irecv.
using RegMrIntFn = Result (*)(void* comm, void* data, int bytes, int kind, void** memory);
using RegMrFn = Result (*)(void* comm, void* data, size_t bytes, int kind, void** memory);
using RegMrDmaBufFn = Result (*)(void* comm, void* data, size_t bytes, int kind, uint64_t offset, int fd,
                                 void** memory);
using DeregMrFn = Result (*)(void* comm, void* memory);
using IsendIntFn = Result (*)(void* send_comm, void* data, int bytes, int tag, void* memory, void** request);
using IsendFn = Result (*)(void* send_comm, void* data, size_t bytes, int tag, void* memory, void** request);
// `parent` (`parents`): the profiler's, one a message; may be null.
using IsendProfiledFn = Result (*)(void* send_comm, void* data, size_t bytes, int tag, void* memory, void* parent,
                                   void** request);
// A group of `n` receives, matched with sends by their tags.
using IrecvIntFn = Result (*)(void* receive_comm, int n, void** data, int* bytes, int* tags, void** memories,
                              void** request);
using IrecvFn = Result (*)(void* receive_comm, int n, void** data, size_t* bytes, int* tags, void** memories,
                           void** request);
using IrecvProfiledFn = Result (*)(void* receive_comm, int n, void** data, size_t* bytes, int* tags, void** memories,
                                   void** parents, void** request);
// Makes what was received into a GPU's memory visible to the GPU.
using IflushFn = Result (*)(void* receive_comm, int n, void** data, int* bytes, void** memories, void** request);
// `bytes` (may be null): what was sent or received, one a message of the group. A done request is gone.
using TestFn = Result (*)(void* request, int* done, int* bytes);
using CloseFn = Result (*)(void* comm);
using GetDeviceMrFn = Result (*)(void* comm, void* memory, void** device_memory);
// A receive that test() called done has been gathered by the kernel; its request is gone.
using IrecvConsumedFn = Result (*)(void* receive_comm, int n, void* request);
template <typename VirtualDevice>
using MakeVDeviceFn = Result (*)(int* device, VirtualDevice* of);

// Of connect in version 10 and of init since version 11.
struct CommConfig {
  int traffic_class;
};

struct CommAttributes {
  int32_t max_concurrent_peers;
  int32_t min_concurrent_peers;
  int32_t max_flows_per_peer;
  int32_t min_flows_per_peer;
};

struct NetAttributes {
  CommAttributes send;
  CommAttributes receive;
  uint32_t operation;
  uint32_t algorithm;
  uint32_t protocol;
};
static_assert(sizeof(NetAttributes) == 44);

// A device made of several.
template <int N>
struct VirtualDevice {
  int count;
  int devices[N];
};

// -------------------------------------------------------------------------------------------------------- versions
namespace v6 {

struct Properties {
  char* name;
  char* pci_path;  // below /sys; null for what is not on a PCI bus
  uint64_t guid;   // the same for all ports and functions of one card
  int pointer_kinds;
  int speed;  // Mbit/s
  int port;
  float latency;  // microseconds
  int max_comms;
  int max_receives;  // in one group
};
static_assert(sizeof(Properties) == 48 && offsetof(Properties, speed) == 28);

struct Net {
  const char* name;
  InitFn init;
  DevicesFn devices;
  GetPropertiesFn<Properties> get_properties;
  ListenFn listen;
  Result (*connect)(int device, void* handle, void** send_comm);
  Result (*accept)(void* listen_comm, void** receive_comm);
  RegMrIntFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendIntFn isend;
  IrecvIntFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
};
static_assert(sizeof(Net) == 17 * sizeof(void*));

}  // namespace v6

namespace v7 {

struct Properties {
  char* name;
  char* pci_path;
  uint64_t guid;
  int pointer_kinds;
  int speed;
  int port;
  float latency;
  int max_comms;
  int max_receives;
  NetDeviceType net_device_type;
  int net_device_version;
};
static_assert(sizeof(Properties) == 56 && offsetof(Properties, net_device_type) == 48);

struct Net {
  const char* name;
  InitFn init;
  DevicesFn devices;
  GetPropertiesFn<Properties> get_properties;
  ListenFn listen;
  ConnectFn connect;
  AcceptFn accept;
  RegMrIntFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendIntFn isend;
  IrecvIntFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
  GetDeviceMrFn get_device_mr;
  IrecvConsumedFn irecv_consumed;
};
static_assert(sizeof(Net) == 19 * sizeof(void*));

}  // namespace v7

namespace v8 {

struct Properties {
  char* name;
  char* pci_path;
  uint64_t guid;
  int pointer_kinds;
  int registration_is_global;  // registered memory is not tied to one comm
  int speed;
  int port;
  float latency;
  int max_comms;
  int max_receives;
  NetDeviceType net_device_type;
  int net_device_version;
};
static_assert(sizeof(Properties) == 64 && offsetof(Properties, speed) == 32);
static_assert(offsetof(Properties, net_device_version) == 56);

struct Net {
  const char* name;
  InitFn init;
  DevicesFn devices;
  GetPropertiesFn<Properties> get_properties;
  ListenFn listen;
  ConnectFn connect;
  AcceptFn accept;
  RegMrFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendIntFn isend;
  IrecvIntFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
  GetDeviceMrFn get_device_mr;
  IrecvConsumedFn irecv_consumed;
};
static_assert(sizeof(Net) == 19 * sizeof(void*));

}  // namespace v8

namespace v9 {

using VirtualProperties = VirtualDevice<4>;

struct Properties {
  char* name;
  char* pci_path;
  uint64_t guid;
  int pointer_kinds;
  int registration_is_global;
  int force_flush;  // every receive into a GPU's memory needs an iflush
  int speed;
  int port;
  float latency;
  int max_comms;
  int max_receives;
  NetDeviceType net_device_type;
  int net_device_version;
  VirtualProperties parts;
  size_t max_p2p_bytes;  // of one message
  size_t max_collective_bytes;
};
static_assert(sizeof(Properties) == 104 && offsetof(Properties, speed) == 36);
static_assert(offsetof(Properties, parts) == 64 && offsetof(Properties, max_p2p_bytes) == 88);

struct Net {
  const char* name;
  InitFn init;
  DevicesFn devices;
  GetPropertiesFn<Properties> get_properties;
  ListenFn listen;
  ConnectFn connect;
  AcceptFn accept;
  RegMrFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendFn isend;
  IrecvFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
  GetDeviceMrFn get_device_mr;
  IrecvConsumedFn irecv_consumed;
  MakeVDeviceFn<VirtualProperties> make_v_device;
};
static_assert(sizeof(Net) == 20 * sizeof(void*));

}  // namespace v9

namespace v10 {

using v9::Properties;
using v9::VirtualProperties;

struct Net {
  const char* name;
  Result (*init)(Logger logger, ProfilerCallback profiler);
  DevicesFn devices;
  GetPropertiesFn<Properties> get_properties;
  ListenFn listen;
  Result (*connect)(int device, CommConfig* config, void* handle, void** send_comm, NetDeviceHandle** offload);
  AcceptFn accept;
  RegMrFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendProfiledFn isend;
  IrecvProfiledFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
  GetDeviceMrFn get_device_mr;
  IrecvConsumedFn irecv_consumed;
  MakeVDeviceFn<VirtualProperties> make_v_device;
};
static_assert(sizeof(Net) == 20 * sizeof(void*));

}  // namespace v10

namespace v11 {

using v9::VirtualProperties;

struct Properties {
  char* name;
  char* pci_path;
  uint64_t guid;
  int pointer_kinds;
  int registration_is_global;
  int force_flush;
  int speed;
  int port;
  float latency;
  int max_comms;
  int max_receives;
  NetDeviceType net_device_type;
  int net_device_version;
  VirtualProperties parts;
  size_t max_p2p_bytes;
  size_t max_collective_bytes;
  int max_multi_request;  // messages that may be one request
};
static_assert(sizeof(Properties) == 112 && offsetof(Properties, max_multi_request) == 104);

// One table for versions 11 and 12, which differ in the properties only.
template <typename PropertiesOfVersion, typename VirtualPropertiesOfVersion>
struct NetWithContext {
  const char* name;
  // `context` is this user's: several may be made, each is ended by finalize.
  Result (*init)(void** context, uint64_t comm_id, CommConfig* config, Logger logger, ProfilerCallback profiler);
  DevicesFn devices;
  GetPropertiesFn<PropertiesOfVersion> get_properties;
  Result (*listen)(void* context, int device, void* handle, void** listen_comm);
  Result (*connect)(void* context, int device, void* handle, void** send_comm, NetDeviceHandle** offload);
  AcceptFn accept;
  RegMrFn reg_mr;
  RegMrDmaBufFn reg_mr_dma_buf;
  DeregMrFn dereg_mr;
  IsendProfiledFn isend;
  IrecvProfiledFn irecv;
  IflushFn iflush;
  TestFn test;
  CloseFn close_send;
  CloseFn close_receive;
  CloseFn close_listen;
  GetDeviceMrFn get_device_mr;
  IrecvConsumedFn irecv_consumed;
  MakeVDeviceFn<VirtualPropertiesOfVersion> make_v_device;
  Result (*finalize)(void* context);
  Result (*set_net_attributes)(void* context, NetAttributes* attributes);
};

using Net = NetWithContext<Properties, VirtualProperties>;
static_assert(sizeof(Net) == 22 * sizeof(void*));

}  // namespace v11

namespace v12 {

using VirtualProperties = VirtualDevice<8>;

struct Properties {
  char* name;
  char* pci_path;
  uint64_t guid;
  int pointer_kinds;
  int registration_is_global;
  int force_flush;
  int speed;
  int port;
  float latency;
  int max_comms;
  int max_receives;
  NetDeviceType net_device_type;
  int net_device_version;
  VirtualProperties parts;
  size_t max_p2p_bytes;
  size_t max_collective_bytes;
  int max_multi_request;
  int16_t rail_id;
  int16_t plane_id;
};
static_assert(sizeof(Properties) == 128 && offsetof(Properties, max_p2p_bytes) == 104);
static_assert(offsetof(Properties, rail_id) == 124 && offsetof(Properties, plane_id) == 126);

using Net = v11::NetWithContext<Properties, VirtualProperties>;
static_assert(sizeof(Net) == 22 * sizeof(void*));

}  // namespace v12

// What version V exports, and what its devices tell of themselves.
template <int V>
using NetOf = std::tuple_element_t<V - kOldestVersion,
                                   std::tuple<v6::Net, v7::Net, v8::Net, v9::Net, v10::Net, v11::Net, v12::Net>>;
template <int V>
using PropertiesOf =
    std::tuple_element_t<V - kOldestVersion, std::tuple<v6::Properties, v7::Properties, v8::Properties, v9::Properties,
                                                        v10::Properties, v11::Properties, v12::Properties>>;

// What `visit` says to the version as a constant; an empty answer for one that is not known.
template <int V = kNewestVersion, typename Visit>
auto with_version(int version, Visit&& visit) {
  using Answer = decltype(visit(std::integral_constant<int, V>()));
  if (version == V) return visit(std::integral_constant<int, V>());
  if constexpr (V > kOldestVersion) {
    return with_version<V - 1>(version, visit);
  } else {
    return Answer();
  }
}

}  // namespace hawser::nccl
