// What functions of kernels are marked with, so that the host compiles them too where tests run without a GPU.
#pragma once

#ifdef __CUDACC__
#define HAWSER_ON_DEVICE __device__ inline
#define HAWSER_UNROLL _Pragma("unroll")
#else
#define HAWSER_ON_DEVICE inline
#define HAWSER_UNROLL
#endif
