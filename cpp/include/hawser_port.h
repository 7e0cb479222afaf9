// The ports: one-sided put, signal and wait between processes, host or device driven. The second half of Hawser's C
// ABI; ownership, threads and errors are as hawser.h says.
//
// Set-up, on each of the two sides:
//   context   what a process has one of: its name to others, its listeners, its transports
//   endpoint  one end of a connection to be; its bytes go to the peer by any means
//   connect   with the peer's endpoint bytes, on both sides, in any order
//   memory    registered here, its bytes sent to the peer and imported there
//   semaphore made on a connection, its bytes exchanged, joined
//   proxy     a FIFO of triggers and the thread that serves them; a channel names a semaphore and two memories
//
// C++ programs take hawser_port.hpp, which makes classes of all this.
//
// Order. What is put through one connection arrives in the order in which it was put, as far as signals tell: who sees
// a signal sees every byte of every put before it. Connections know nothing of each other's order.
#pragma once

#include "hawser.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HAWSER_PORT_FIFO 512      // triggers, unless told otherwise
#define HAWSER_PORT_BYTES 2048    // room that the bytes of an endpoint, a memory or a semaphore need at most
#define HAWSER_PORT_INLINE 32768  // a caller copies so much itself, where the proxy is idle

enum hawser_port_transport {
  HAWSER_PORT_MEMORY = 0,    // copies into a peer process's shared memory on this host
  HAWSER_PORT_CUDA_IPC = 1,  // the copy engine of a GPU
  HAWSER_PORT_TCP = 2,       // the lanes
  HAWSER_PORT_IB0 = 8,       // RDMA writes by libfabric, device 0; IB7 is 15
  HAWSER_PORT_IB7 = 15
};
// A set of transports is a mask of 1 << transport.

// ---------------------------------------------------------------------------------------------------- shared memory
// A word that a peer signals into and that one thread waits on. The peer, or the transport for it, stores `value`
// (release) after the bytes that it speaks of; values only grow. A waiter that means to sleep counts itself in
// `sleepers`, fences, looks again and waits on `bell` by futex; who stores a value fences, and rings when there are
// sleepers.
typedef struct hawser_port_word {
  uint64_t value;
  uint32_t sleepers;
  uint32_t bell;
  uint64_t pad[6];
} hawser_port_word;

enum hawser_port_state { HAWSER_PORT_OPEN = 0, HAWSER_PORT_FAILED = 1, HAWSER_PORT_CLOSED = 2 };

// What everyone may read of a connection while it is not freed.
typedef struct hawser_port_connection_shared {
  uint32_t state;  // a hawser_port_state; stored (release) after the error
  uint32_t transport;
  uint64_t puts;     // handed to the transport so far
  uint64_t signals;  // likewise
  uint64_t bytes;    // of these puts
  uint64_t pad[4];
} hawser_port_connection_shared;

enum hawser_trigger_kind {    // bits
  HAWSER_TRIGGER_PUT = 1,     // destination, source, bytes
  HAWSER_TRIGGER_SIGNAL = 2,  // after the put, when both are set
  HAWSER_TRIGGER_FLUSH = 4,   // after both; `flushed` of the channel follows when all before it is complete
  HAWSER_TRIGGER_CUSTOM = 8   // for a proxy of one's own: all words but sequence and kind are free
};

// One request to a proxy. A ring of many producers and one consumer by the protocol of hawser_op; a kernel claims
// positions by a counter of its own in a ring of its own, and the rest is the same.
typedef struct hawser_trigger {
  uint64_t sequence;
  uint32_t kind;         // hawser_trigger_kind bits
  uint32_t channel;      // the channel's number in its proxy
  uint32_t destination;  // a memory's number in its proxy
  uint32_t source;       // likewise
  uint64_t destination_offset;
  uint64_t source_offset;
  uint64_t bytes;
  uint64_t reserved[2];
} hawser_trigger;

typedef struct hawser_fifo_shared {
  uint32_t capacity;  // triggers, a power of two
  uint32_t sleeping;  // 1 while the consumer sleeps: after posting, full fence, read this, and call hawser_proxy_wake
  uint64_t triggers_offset;  // of hawser_trigger[capacity], from the start of this struct
  uint64_t reserved[6];
  hawser_cursor tail;  // producers
  hawser_cursor head;  // consumer: stored (release) when the trigger was served
} hawser_fifo_shared;

// ---------------------------------------------------------------------------------------------------- device memory
// What kernels push triggers with, see cuda/port_channel.cuh. In the device's memory, one a FIFO.
typedef struct hawser_port_device_cursor {
  uint64_t tail;  // positions claimed
  uint64_t head;  // the consumer's, as a kernel saw it last
} hawser_port_device_cursor;

// What the host tells kernels of one channel, in its own memory, which the device can read.
typedef struct hawser_port_device_news {
  uint64_t flushed;  // behind the position of the last flush that is complete
  uint64_t ended;    // 1 once the connection has failed or was closed
  uint64_t pad[6];
} hawser_port_device_news;

// A channel as a kernel takes it, by value. All addresses are the device's.
typedef struct hawser_port_device_channel {
  hawser_fifo_shared* fifo;  // its tail is not used: the cursor's is
  hawser_trigger* triggers;
  hawser_port_device_cursor* cursor;
  hawser_port_device_news* news;
  const uint64_t* inbound;  // the semaphore's word
  uint64_t* awaited;        // signals that kernels have waited for
  uint32_t capacity;        // triggers, a power of two
  uint32_t channel;
  uint32_t destination;
  uint32_t source;
} hawser_port_device_channel;

// ---------------------------------------------------------------------------------------------------- context
typedef struct hawser_port_context hawser_port_context;
typedef struct hawser_port_endpoint hawser_port_endpoint;
typedef struct hawser_port_connection hawser_port_connection;
typedef struct hawser_port_memory hawser_port_memory;
typedef struct hawser_port_semaphore hawser_port_semaphore;
typedef struct hawser_proxy hawser_proxy;
typedef struct hawser_port_channel hawser_port_channel;

typedef struct hawser_port_config {
  uint32_t struct_size;  // sizeof(hawser_port_config)
  int32_t rank;          // told to peers and used in messages; -1 when it has none
  char address[64];      // numeric address or device that peers reach this process at; "": the first lane's
  hawser_config lanes;   // of the Tcp transport's engine; its rank is not read
} hawser_port_config;

// [any] Its listeners and threads live until hawser_port_close.
HAWSER_API int32_t hawser_port_open(const hawser_port_config* config, hawser_port_context** out, hawser_error* error);
// [any, once] Everything made from the context must be freed before; connections that are not are closed.
HAWSER_API void hawser_port_close(hawser_port_context* context);

// [any] HAWSER_OK when the transport can be used here; else HAWSER_UNSUPPORTED with the reason.
HAWSER_API int32_t hawser_port_available(hawser_port_context* context, uint32_t transport, hawser_error* error);

// [any] Zeroed, page-aligned memory that peers on this host can map: what the transport Memory needs for a
// destination. Freed by hawser_shared_free, when no peer is to write there any more.
HAWSER_API int32_t hawser_shared_allocate(uint64_t bytes, void** out, hawser_error* error);
HAWSER_API void hawser_shared_free(void* address);

// ---------------------------------------------------------------------------------------------------- connections
typedef struct hawser_endpoint_config {
  uint32_t struct_size;
  uint32_t transport;
  int32_t device;               // -1: host memory; else the GPU's number
  uint32_t ib_max_cq_size;      // completion queue entries; 0 = 1024
  uint32_t ib_max_cq_poll_num;  // completions read at once; 0 = 1
  uint32_t ib_max_send_wr;      // operations in flight; 0 = 8192, cut to what the provider has
  char ib_provider[64];         // libfabric's name, as in FI_PROVIDER; "": verbs, or what HAWSER_OFI_PROVIDER names
} hawser_endpoint_config;

// [any]
HAWSER_API int32_t hawser_endpoint_open(hawser_port_context* context, const hawser_endpoint_config* config,
                                        hawser_port_endpoint** out, hawser_error* error);
// [any] What the peer's hawser_port_connect wants. Writes at most `capacity` bytes, returns the length.
HAWSER_API int32_t hawser_endpoint_bytes(hawser_port_endpoint* endpoint, void* out, int32_t capacity);
// [any, not while it is being connected] An endpoint serves one connection and may be closed after.
HAWSER_API void hawser_endpoint_close(hawser_port_endpoint* endpoint);

// [any, blocks] Both sides call it; each waits for the other until the timeout.
HAWSER_API int32_t hawser_port_connect(hawser_port_endpoint* endpoint, const void* peer, int32_t peer_bytes,
                                       int64_t timeout_ns, hawser_port_connection** out, hawser_error* error);
HAWSER_API hawser_port_connection_shared* hawser_connection_memory(hawser_port_connection* connection);  // [any]
HAWSER_API int32_t hawser_connection_peer(hawser_port_connection* connection);  // [any] its rank, or -1
// [any] Why it has failed; HAWSER_OK while it has not.
HAWSER_API int32_t hawser_connection_error(hawser_port_connection* connection, hawser_error* out);
// [any] Without a proxy: what a proxy of one's own calls. Never blocks; the source stays the connection's until a
// flush. HAWSER_TIMEOUT: too much is queued, try again. Other errors: hawser_connection_error tells them, or, for bad
// arguments, hawser_port_explain.
HAWSER_API int32_t hawser_connection_put(hawser_port_connection* connection, hawser_port_memory* destination,
                                         uint64_t destination_offset, hawser_port_memory* source,
                                         uint64_t source_offset, uint64_t bytes, hawser_error* error);
HAWSER_API int32_t hawser_connection_signal(hawser_port_connection* connection, hawser_port_semaphore* semaphore,
                                            hawser_error* error);
// [any, blocks] Until all that was put before is in the peer's memory.
HAWSER_API int32_t hawser_connection_flush(hawser_port_connection* connection, int64_t timeout_ns, hawser_error* error);
// [any] Ends it for both sides: who waits on it, here or at the peer, wakes with HAWSER_CLOSED, and what is queued is
// dropped. It is still to be closed.
HAWSER_API void hawser_connection_shut(hawser_port_connection* connection);
// [any, once] Shuts it and frees it. Semaphores and channels on it must be freed before.
HAWSER_API void hawser_connection_close(hawser_port_connection* connection);

// ---------------------------------------------------------------------------------------------------- memory
// [any] The memory stays the caller's and must outlive its registration. `transports` is the set that it is for; with
// HAWSER_PORT_MEMORY it must lie in memory of hawser_shared_allocate. A source needs no transport at all but IB's.
HAWSER_API int32_t hawser_memory_register(hawser_port_context* context, void* address, uint64_t bytes, uint32_t kind,
                                          uint32_t transports, hawser_port_memory** out, hawser_error* error);
HAWSER_API int32_t hawser_memory_bytes(hawser_port_memory* memory, void* out, int32_t capacity);  // [any]
// [any, blocks up to the timeout] A peer's memory, by the bytes that it sent.
HAWSER_API int32_t hawser_memory_import(hawser_port_context* context, const void* bytes, int32_t length,
                                        int64_t timeout_ns, hawser_port_memory** out, hawser_error* error);
// [any, once] A registration of this process: puts that peers begin after this are errors at their side. What a proxy
// still has queued with it fails too.
HAWSER_API void hawser_memory_free(hawser_port_memory* memory);

// ---------------------------------------------------------------------------------------------------- semaphores
// [any] The word that the peer signals into; it counts from 0.
HAWSER_API int32_t hawser_semaphore_open(hawser_port_connection* connection, hawser_port_semaphore** out,
                                         hawser_error* error);
HAWSER_API int32_t hawser_semaphore_bytes(hawser_port_semaphore* semaphore, void* out, int32_t capacity);  // [any]
// [any, blocks up to the timeout] With the peer's bytes: signals have a destination from now on.
HAWSER_API int32_t hawser_semaphore_join(hawser_port_semaphore* semaphore, const void* peer, int32_t length,
                                         int64_t timeout_ns, hawser_error* error);
// [any] As hawser_semaphore_open, in the memory of the connection's GPU: kernels wait on it by hawser_channel_device,
// and the host cannot. Of the transport CudaIpc alone; kernels can wait on the host's semaphores of every transport.
HAWSER_API int32_t hawser_semaphore_open_on_device(hawser_port_connection* connection, hawser_port_semaphore** out,
                                                   hawser_error* error);
// [any] An address of the GPU when it is there.
HAWSER_API hawser_port_word* hawser_semaphore_word(hawser_port_semaphore* semaphore);
// [any, one thread at a time, blocks] Until the word's value is `expected` or more; the connection's failure, or
// HAWSER_TIMEOUT. Spins for `spin_ns` before it sleeps.
HAWSER_API int32_t hawser_semaphore_wait(hawser_port_semaphore* semaphore, uint64_t expected, int64_t timeout_ns,
                                         int64_t spin_ns, hawser_error* error);
HAWSER_API void hawser_semaphore_close(hawser_port_semaphore* semaphore);  // [any, once]

// ---------------------------------------------------------------------------------------------------- proxy
// [any] `fifo` is its capacity in triggers, rounded up to a power of two; 0 = HAWSER_PORT_FIFO.
HAWSER_API int32_t hawser_proxy_open(hawser_port_context* context, uint32_t fifo, hawser_proxy** out,
                                     hawser_error* error);
HAWSER_API hawser_fifo_shared* hawser_proxy_fifo(hawser_proxy* proxy, uint64_t* bytes);  // [any]
// What a proxy of one's own calls. None may block or throw, or come from Java, which has a proxy of its own.
typedef struct hawser_proxy_handler {
  void* self;
  // [proxy thread] 1: it was served. 0: it cannot be taken now; it is asked again soon, and nothing behind it before.
  int32_t (*handle)(void* self, const hawser_trigger* trigger);
  // [proxy thread] May be NULL. What goes on besides triggers; 1: there will soon be more of it.
  int32_t (*progress)(void* self);
  // [the thread that stops] May be NULL. A trigger that was not served in time.
  void (*drop)(void* self, const hawser_trigger* trigger);
} hawser_proxy_handler;

// [any] As hawser_proxy_open, but triggers go to `handler`, whose `self` must outlive the proxy. It has no channels.
HAWSER_API int32_t hawser_proxy_open_custom(hawser_port_context* context, uint32_t fifo,
                                            const hawser_proxy_handler* handler, hawser_proxy** out,
                                            hawser_error* error);
// [any] Posts a trigger; its sequence is not read. Never blocks. HAWSER_TIMEOUT: the FIFO is full, try again.
HAWSER_API int32_t hawser_proxy_push(hawser_proxy* proxy, const hawser_trigger* trigger);
// [any] Both return a number, 0 or above, or a negative code. What is added must outlive the proxy, except that a
// memory may be freed: triggers that name it are errors then.
HAWSER_API int32_t hawser_proxy_add_semaphore(hawser_proxy* proxy, hawser_port_semaphore* semaphore,
                                              hawser_error* error);
HAWSER_API int32_t hawser_proxy_add_memory(hawser_proxy* proxy, hawser_port_memory* memory, hawser_error* error);
// [any] Puts go from `source` (a memory of this process) to `destination` (a peer's); freed with the proxy.
HAWSER_API int32_t hawser_proxy_channel(hawser_proxy* proxy, uint32_t semaphore, uint32_t destination, uint32_t source,
                                        hawser_port_channel** out, hawser_error* error);
HAWSER_API int32_t hawser_proxy_start(hawser_proxy* proxy, hawser_error* error);  // [any]
// [any, blocks] Serves what is in the FIFO, then ends the thread. HAWSER_TIMEOUT: what was left failed its connections.
HAWSER_API int32_t hawser_proxy_stop(hawser_proxy* proxy, int64_t timeout_ns, hawser_error* error);
HAWSER_API void hawser_proxy_wake(hawser_proxy* proxy);   // [any]
HAWSER_API void hawser_proxy_close(hawser_proxy* proxy);  // [any, once]; stops it

// ---------------------------------------------------------------------------------------------------- channel
// [any] Posts a trigger of `kind`, or serves it at once where the proxy is idle and the transport need not copy more
// than HAWSER_PORT_INLINE bytes. Never blocks. HAWSER_TIMEOUT: the FIFO is full, try again. `position` (may be NULL)
// receives what hawser_channel_flushed waits for. Any other error is in hawser_channel_error.
HAWSER_API int32_t hawser_channel_post(hawser_port_channel* channel, uint32_t kind, uint64_t destination_offset,
                                       uint64_t source_offset, uint64_t bytes, uint64_t* position);
// [any] The error of the last post that failed on this channel, or its connection's.
HAWSER_API int32_t hawser_channel_error(hawser_port_channel* channel, hawser_error* out);
// [any, blocks] Until the flush that was posted at `position` is complete.
HAWSER_API int32_t hawser_channel_flushed(hawser_port_channel* channel, uint64_t position, int64_t timeout_ns,
                                          hawser_error* error);

// ---------------------------------------------------------------------------------------------------- GPUs
// HAWSER_UNSUPPORTED, with the reason, where CUDA cannot be used. Devices are numbered as CUDA_VISIBLE_DEVICES leaves
// them.

// [any] What a kernel on that GPU takes for the channel; the same again for a channel that has been asked for before.
// The channel's proxy serves its triggers, and polls for them from now on. No kernel may use it when the proxy is
// closed. Signals of the peer go to the kernel or to the host, not to both in turns.
HAWSER_API int32_t hawser_channel_device(hawser_port_channel* channel, int32_t device, hawser_port_device_channel* out,
                                         hawser_error* error);

// [any, blocks] Runs the kernel of cuda/bidir_put.cuh on the GPU, to its end or the timeout: `iterations` times, both
// ranks (0 and 1) put `bytes` and wait for the other's. The memories of the channel have 2 * bytes. `elapsed_ns`
// receives how long it ran.
HAWSER_API int32_t hawser_cuda_bidir_put(int32_t device, const hawser_port_device_channel* channel, uint32_t rank,
                                         uint64_t bytes, uint32_t iterations, int64_t timeout_ns, int64_t* elapsed_ns,
                                         hawser_error* error);

#ifdef __cplusplus
}
#endif
