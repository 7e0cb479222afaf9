// The kernels that cuda/ is compiled to, inside the library.
#pragma once

#include <cstddef>

#include "mem/cuda_driver.h"

namespace hawser::cuda {

struct Image {
  const char* kernels;  // what the names of its kernels begin with
  const unsigned char* data;
  size_t bytes;
};

// All of them; ends with an image without data.
const Image* images();

// [any] The image that has the kernel, for all GPUs; loaded once a process.
Status load_image(const Driver& driver, const char* kernel, CUlibrary* out);

}  // namespace hawser::cuda
