#include "unpack.cuh"

// A warp a tile; the tiles lie in memory that the host wrote and the GPU reads.
extern "C" __global__ void __launch_bounds__(256) hawser_unpack(const hawser::UnpackTile* tiles, uint32_t count) {
  const uint32_t warp = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  if (warp < count) hawser::copy_tile(tiles[warp], threadIdx.x % 32, 32);
}
