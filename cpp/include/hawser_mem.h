// Memory of hosts and GPUs, and how fragments are brought to their place in it. A part of Hawser's C ABI; ownership,
// threads and errors are as hawser.h says.
#pragma once

#include "hawser.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------- memory
// HAWSER_UNSUPPORTED, with the reason, where CUDA cannot be used. Devices are numbered as CUDA_VISIBLE_DEVICES leaves
// them.

// [any] How many there are.
HAWSER_API int32_t hawser_cuda_devices(int32_t* count, hawser_error* error);
// [any, blocks] Zeroed memory of a GPU that peers can open; freed when no transfer is under way with it and no peer has
// it imported any more.
HAWSER_API int32_t hawser_cuda_allocate(int32_t device, uint64_t bytes, void** out, hawser_error* error);
HAWSER_API void hawser_cuda_free(void* address);
// [any, blocks] Between any two memories of GPUs and the host.
HAWSER_API int32_t hawser_cuda_copy(int32_t device, void* to, const void* from, uint64_t bytes, hawser_error* error);
// [any, blocks] Zeroed memory of the host that stays where it is: every GPU reaches it at its own address. Lanes take
// it as HAWSER_MEMORY_HOST.
HAWSER_API int32_t hawser_pinned_allocate(uint64_t bytes, void** out, hawser_error* error);
HAWSER_API void hawser_pinned_free(void* address);
// [any] A DMA-BUF over a GPU's memory, of whole pages: the memory begins at `offset` in it. The descriptor is the
// caller's to close; it does not keep the memory.
HAWSER_API int32_t hawser_cuda_export_dmabuf(void* address, uint64_t bytes, int32_t* fd, uint64_t* offset,
                                             hawser_error* error);

// ---------------------------------------------------------------------------------------------------- unpack
// Scatters fragments of a source over a destination, by descriptors. Three executors do the same:
//   host    threads of this process, between memories of the host
//   copy    the copy engine of a GPU, one device-to-device copy a descriptor
//   kernel  a kernel of a GPU
// Memory for the latter two is a GPU's, or the host's where it is pinned and every GPU sees it at its own address.
//
// A batch is refused as a whole (HAWSER_INVALID_ARGUMENT), before anything is written, when it has more than
// HAWSER_UNPACK_MAX descriptors, when one reaches beyond the source or the destination, when two would write the same
// byte, or when source and destination overlap.
#define HAWSER_UNPACK_MAX 2048   // descriptors a batch
#define HAWSER_UNPACK_WINDOW 16  // batches of one unpacker under way

enum hawser_unpack_executor { HAWSER_UNPACK_HOST = 0, HAWSER_UNPACK_COPY = 1, HAWSER_UNPACK_KERNEL = 2 };

// `len` bytes from `src_off` in the source to `dst_off` in the destination, of any alignment; 0 bytes are no write.
typedef struct hawser_unpack_descriptor {
  uint32_t src_off;
  uint32_t len;
  uint64_t dst_off;
} hawser_unpack_descriptor;

typedef struct hawser_unpack_batch {
  const hawser_unpack_descriptor* descriptors;  // read before hawser_unpack_start returns
  const void* source;                           // not written until the batch has completed
  void* destination;                            // not touched by others until then
  uint64_t source_bytes;
  uint64_t destination_bytes;
  uint32_t count;
  uint32_t reserved;
} hawser_unpack_batch;

typedef struct hawser_unpacker hawser_unpacker;

// [any] `device` is the GPU's number, not read for the host. `threads` (host alone) counts the caller's; 0 takes all
// cores that the process may use. HAWSER_UNSUPPORTED, with the reason, where the executor cannot be had.
HAWSER_API int32_t hawser_unpacker_open(uint32_t executor, int32_t device, uint32_t threads, hawser_unpacker** out,
                                        hawser_error* error);
// [any, once, blocks] Until what is under way has completed; a GPU that does not come to an end within seconds keeps
// its resources.
HAWSER_API void hawser_unpacker_close(hawser_unpacker* unpacker);

// One thread at a time calls the following for one unpacker. Batches under way together may run in any order: their
// destinations must not overlap.

// [blocks] The host does the batch before it returns; a GPU does it by and by, and while HAWSER_UNPACK_WINDOW batches
// are under way this waits for the oldest, up to the timeout (HAWSER_TIMEOUT: nothing was started). `ticket` receives
// what the next two functions ask for.
HAWSER_API int32_t hawser_unpack_start(hawser_unpacker* unpacker, const hawser_unpack_batch* batch, int64_t timeout_ns,
                                       uint64_t* ticket, hawser_error* error);
// 1 when the batch of the ticket and all before it have completed, 0 when not, or why one of them failed: then nothing
// more can be started. Does not block.
HAWSER_API int32_t hawser_unpack_completed(hawser_unpacker* unpacker, uint64_t ticket, hawser_error* error);
// [blocks] Until they have.
HAWSER_API int32_t hawser_unpack_wait(hawser_unpacker* unpacker, uint64_t ticket, int64_t timeout_ns,
                                      hawser_error* error);
// The plain copy by the same means, which unpacking is measured against: memcpy by the same threads, or one
// device-to-device copy. As hawser_unpack_start for the rest.
HAWSER_API int32_t hawser_unpack_plain_copy(hawser_unpacker* unpacker, void* to, const void* from, uint64_t bytes,
                                            int64_t timeout_ns, uint64_t* ticket, hawser_error* error);

#ifdef __cplusplus
}
#endif
