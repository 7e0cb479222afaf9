#include "bidir_put.cuh"

// `code`, in memory that the host reads, receives how it ended.
extern "C" __global__ void hawser_bidir_put(hawser_port_device_channel channel, uint32_t rank, uint64_t bytes,
                                            uint32_t iterations, uint64_t timeout, int32_t* code) {
  *code = hawser::bidir_put(hawser::PortChannelDeviceHandle(channel), rank, bytes, iterations, timeout);
}
