// The example's kernel, launched.
#pragma once

#include "base/clock.h"
#include "hawser_port.h"
#include "mem/cuda_driver.h"

namespace hawser::port {

struct BidirPut {
  hawser_port_device_channel channel;
  uint32_t rank;
  uint64_t bytes;
  uint32_t iterations;
};

// [any, blocks] Until the kernel has ended, by itself or at its timeout.
Status run_bidir_put(cuda::Gpu& gpu, BidirPut what, Nanos timeout, Nanos* elapsed);

}  // namespace hawser::port
