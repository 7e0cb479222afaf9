// Hawser's C ABI: the only header that other languages bind to.
//
// Ownership. Every hawser_* object is made and freed by the library. Memory handed to a send or a receive belongs to
// the caller; the library touches it until the operation's completion, and not after.
//
// Threads. One thread at a time *drives* an engine: it holds the driver role, which the caller hands from thread to
// thread with at least release/acquire order. A function marked [driver] needs that role. Functions marked [any] may be
// called at any time by any thread. No function calls back into its caller.
//
// Errors. Functions return HAWSER_OK or a negative hawser_code and fill the hawser_error that the caller passes (may be
// NULL). No C++ exception crosses this boundary and nothing here ends the process.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAWSER_API __attribute__((visibility("default")))

// Raised whenever a function's signature, a struct or a constant in this file changes.
#define HAWSER_ABI_VERSION 3u

#define HAWSER_MAX_LANES 16
#define HAWSER_WINDOW 16             // unacknowledged chunks a lane
#define HAWSER_CHUNK_RING 32         // slots of a lane's chunk ring: a power of two above HAWSER_WINDOW
#define HAWSER_BOOTSTRAP_PORT 12347  // where a listener waits unless told otherwise
#define HAWSER_HANDLE_BYTES 128

enum hawser_code {
  HAWSER_OK = 0,
  HAWSER_INVALID_ARGUMENT = -1,
  HAWSER_TIMEOUT = -2,
  HAWSER_LANE_LOST = -3,
  HAWSER_LINK_FAILED = -4,
  HAWSER_CANCELLED = -5,
  HAWSER_TRUNCATED = -6,
  HAWSER_REFUSED = -7,
  HAWSER_IO = -8,
  HAWSER_VERSION_MISMATCH = -9,
  HAWSER_OUT_OF_MEMORY = -10,
  HAWSER_UNSUPPORTED = -11,
  HAWSER_INTERNAL = -12,
  HAWSER_CLOSED = -13
};

typedef struct hawser_error {
  int32_t code;       // a hawser_code
  int32_t sys_errno;  // the errno behind it, 0 when none
  int32_t rank;       // the peer's rank, -1 when unknown
  int32_t lane;       // the lane's index, -1 when none
  char device[16];    // the lane's device, "" when none
  char text[480];     // UTF-8, NUL-terminated: what failed and what to do
} hawser_error;

// ---------------------------------------------------------------------------------------------------- library
HAWSER_API uint32_t hawser_abi_version(void);  // [any]
HAWSER_API const char* hawser_version(void);   // [any] "0.1.0"; static storage

// One fact about the layout of a struct in this file, so that a binding can check its own.
typedef struct hawser_layout {
  char name[64];    // "hawser_op" or "hawser_op.tag"
  uint64_t offset;  // of the field; 0 for a struct
  uint64_t size;    // of the field or the struct
} hawser_layout;

// [any] Fills `out` with fact number `index`; returns HAWSER_OK, or HAWSER_INVALID_ARGUMENT past the last one.
HAWSER_API int32_t hawser_layout_at(uint32_t index, hawser_layout* out);

// ---------------------------------------------------------------------------------------------------- devices
typedef struct hawser_device {
  char name[16];
  char address[64];    // numeric, "" when it has none
  int32_t index;       // the kernel's interface index
  int32_t mtu;         // bytes
  int32_t speed_mbps;  // -1 when the driver does not tell
  int32_t numa_node;   // -1 when unknown
  int32_t up;          // 1: administratively up and has a carrier
  int32_t lane;        // the first lane that uses it, -1 when it was not chosen
  char pci[32];        // bus address, "" for a virtual device
  char reason[96];     // why it was or was not chosen
} hawser_device;

// [any] Lists all devices and chooses lanes among them. `spec` has NCCL's syntax (list of prefixes, ^ excludes, =
// exact), or is a number N (N lanes over the devices of the default rule), or NULL/"" for the default rule: the
// variable NCCL_GPUDIRECTTCPX_SOCKET_IFNAME, else eth1,eth2,eth3,eth4, else every device that is up, else four lanes
// over loopback. Writes at most `capacity` devices and the count found.
HAWSER_API int32_t hawser_devices(const char* spec, hawser_device* out, int32_t capacity, int32_t* count,
                                  hawser_error* error);

// [any] Kernel features as one JSON object (static facts probed once): {"epoll":true,"io_uring":true,...}.
// Returns the length, truncating at `capacity` - 1.
HAWSER_API int32_t hawser_features(char* out, int32_t capacity);

// [any, blocks for `limit_ns` at most, three times] What of GPUs, NCCL's network plugins and libfabric is here, as one
// JSON object. Each is asked in a process of its own: a driver or plugin that crashes or hangs is told of, no more.
// Returns the length, truncating at `capacity` - 1.
HAWSER_API int32_t hawser_survey(int64_t limit_ns, char* out, int32_t capacity);

// ---------------------------------------------------------------------------------------------------- shared memory
// Rings and lane state are shared between the native half and its driver. All indices grow without wrapping; a slot is
// index & (capacity - 1).

enum hawser_op_kind {
  HAWSER_OP_SEND = 1,     // id, tag, address, bytes, memory
  HAWSER_OP_RECEIVE = 2,  // id, tag, address, bytes (capacity), memory
  HAWSER_OP_CANCEL =
      3  // id of a send or receive; its completion follows in any case, with CANCELLED if it came in time
};

// One operation. A bounded multi-producer ring after Vyukov: slot i starts with sequence i. A producer that finds
// sequence == pos (acquire) claims pos by a compare-and-set on op_tail, fills the slot and stores sequence = pos + 1
// (release). The consumer that finds pos + 1 (acquire) reads the slot and stores pos + capacity (release).
typedef struct hawser_op {
  uint64_t sequence;
  uint32_t kind;
  uint32_t link;
  uint64_t id;  // the caller's own, unique among its outstanding operations of one engine; returned in completions
  uint64_t tag;
  uint64_t address;
  uint64_t bytes;
  uint64_t memory;  // a handle of hawser_link_register, 0 when unregistered
  uint64_t reserved;
} hawser_op;

enum hawser_event_kind {
  HAWSER_EVENT_SEND_DONE = 1,       // id, code, bytes
  HAWSER_EVENT_RECEIVE_DONE = 2,    // id, code, bytes received (of the message; may be fewer than the capacity)
  HAWSER_EVENT_SEND_READY = 3,      // id, bytes: the peer waits for this payload: cut it in chunks of `offset` bytes
  HAWSER_EVENT_CHUNK_RETURNED = 4,  // id, offset, bytes: its lane was lost, choose another for it
  HAWSER_EVENT_LANE_LOST = 5,       // link, lane, code (errno in bytes)
  HAWSER_EVENT_LANE_BACK = 6,       // link, lane
  HAWSER_EVENT_LINK_FAILED = 7,     // link, code: hawser_link_error tells the rest; all its operations complete with it
  HAWSER_EVENT_LINK_CLOSED = 8      // link: the peer closed it in order
};

typedef struct hawser_event {
  uint64_t id;
  uint32_t kind;
  int32_t code;
  uint32_t link;
  int32_t lane;
  uint64_t bytes;
  uint64_t offset;
} hawser_event;

typedef struct hawser_chunk {
  uint64_t id;  // of the send
  uint64_t offset;
  uint64_t bytes;
  uint64_t reserved;
} hawser_chunk;

// Single producer, single consumer: the producer stores tail (release) after the slot, the consumer stores head
// (release) after it has read the slot. Each index has a cache line of its own.
typedef struct hawser_cursor {
  uint64_t value;
  uint64_t pad[7];
} hawser_cursor;

typedef struct hawser_engine_shared {
  uint32_t abi_version;
  uint32_t op_capacity;     // a power of two
  uint32_t event_capacity;  // a power of two
  uint32_t sleeping;    // 1 while the driver sleeps in hawser_engine_progress. After posting an operation: full fence,
                        // read this, and call hawser_engine_wake when it is 1
  uint64_t ops_offset;  // of hawser_op[op_capacity], from the start of this struct
  uint64_t events_offset;  // of hawser_event[event_capacity]
  uint64_t reserved[4];
  hawser_cursor op_tail;     // producers
  hawser_cursor op_head;     // engine: release, after the link's `unacknowledged` counts the send
  hawser_cursor event_tail;  // engine
  hawser_cursor event_head;  // driver
} hawser_engine_shared;

// What choosing a lane needs, one lane. In flight: submitted - acked - returned (bytes and chunks alike).
typedef struct hawser_lane_state {
  // written by the driver
  uint64_t submitted_bytes;
  uint64_t submitted_chunks;  // also the tail of the lane's chunk ring; store with release after both of the above
  uint64_t driver_reserved[6];
  // written by the engine
  uint64_t taken_chunks;    // head of the lane's chunk ring
  uint64_t written_chunks;  // handed to the device entirely, lost and returned ones included
  uint64_t acked_bytes;
  uint64_t acked_chunks;
  uint64_t returned_bytes;  // given back for another lane after a loss
  uint64_t returned_chunks;
  uint64_t rate;   // bytes per second the lane was last measured to deliver while busy; 0 until the first measurement
  uint64_t alive;  // 1 or 0
  // statistics, written by the engine
  uint64_t sent_bytes;      // payload of chunks and packets handed to the device
  uint64_t received_bytes;  // payload placed
  uint64_t sent_messages;   // packets and chunks
  uint64_t received_messages;
  uint64_t losses;
  uint64_t returns;  // times the lane came back
  uint64_t checksum_errors;
  uint64_t strangers;  // connections refused on this lane
} hawser_lane_state;

typedef struct hawser_link_shared {
  uint32_t lanes;
  uint32_t state;  // a hawser_link_state
  uint64_t
      unacknowledged;  // engine: packets, chunks and queued sends that the peer has not acknowledged; 0 = all is there
  uint64_t engine_reserved[6];
  uint64_t backlog;  // driver: bytes of ready sends not yet given to a lane. While it is not 0, progress returns as
                     // soon as a lane has room
  uint64_t driver_reserved[7];
  hawser_lane_state lane[HAWSER_MAX_LANES];
  hawser_chunk chunks[HAWSER_MAX_LANES][HAWSER_CHUNK_RING];
} hawser_link_shared;

enum hawser_link_state { HAWSER_LINK_OPEN = 0, HAWSER_LINK_PEER_CLOSED = 1, HAWSER_LINK_DEAD = 2 };

// ---------------------------------------------------------------------------------------------------- engine
typedef struct hawser_engine hawser_engine;
typedef struct hawser_listener hawser_listener;
typedef struct hawser_link hawser_link;
typedef struct hawser_identity hawser_identity;  // hawser_trust.h

enum hawser_lane_loss { HAWSER_FAILOVER = 0, HAWSER_FAIL_FAST = 1 };
enum hawser_tristate { HAWSER_AUTO = 0, HAWSER_ON = 1, HAWSER_OFF = 2 };

typedef struct hawser_config {
  uint32_t struct_size;       // sizeof(hawser_config)
  int32_t rank;               // this party's, told to peers and used in messages; -1 when it has none
  uint32_t op_capacity;       // slots, a power of two; 0 = 4096
  uint32_t event_capacity;    // slots, a power of two; 0 = 8192
  uint32_t chunk_bytes;       // how sends are cut; 0 = as suits the network: 524288, but long sends over libfabric
                              // up to 1048576. The receiver learns it with each message
  uint32_t eager_bytes;       // messages up to this length go without asking the receiver; 0 = 65536
  uint32_t sockets_per_lane;  // TCP connections a lane; 0 = 1
  uint32_t lane_loss;         // a hawser_lane_loss
  uint32_t checksum;          // a hawser_tristate; auto = on. On when either end asks for it
  uint32_t zerocopy;          // a hawser_tristate; auto = probe each lane
  int64_t silence_ns;         // a lane whose peer's kernel acknowledges nothing for so long is lost; 0 = 250 ms
  int64_t link_timeout_ns;    // all lanes lost for so long: the link has failed; 0 = 5 s
  char lanes[512];            // as `spec` of hawser_devices
  char net[256];              // what moves the bytes: "" or "socket" (TCP), "plugin[:NAME|PATH]" (an NCCL net plugin),
                              // "ofi[:PROVIDER]" (libfabric). Both ends name the same. "fault[:KEY=VALUE,...]": one of
                              // these with faults, to rehearse them: cpp/net/fault/plan.h
  hawser_identity* identity;  // whom to be and whom to trust: all is encrypted. NULL: in the clear
  uint32_t insecure;          // 1: the operator said that the clear will do, beyond loopback too
  uint32_t reserved;          // 0
} hawser_config;

// [any] The engine's shared memory is freed by hawser_engine_close.
HAWSER_API int32_t hawser_engine_open(const hawser_config* config, hawser_engine** out, hawser_error* error);
HAWSER_API hawser_engine_shared* hawser_engine_memory(hawser_engine* engine, uint64_t* bytes);  // [any]
HAWSER_API int32_t hawser_engine_lanes(hawser_engine* engine);                                  // [any] chosen lanes

// [driver] Takes operations, moves bytes, posts events. Returns at once when there is something for the driver: events,
// or room on a lane of a link with a backlog. Otherwise polls for `spin_ns`, then sleeps, until `timeout_ns` have
// passed
// (< 0: until something happens). Returns the number of events to read, > 0 too when a lane has room, 0 on timeout or
// wake, or a negative code when the engine itself is broken.
HAWSER_API int32_t hawser_engine_progress(hawser_engine* engine, int64_t timeout_ns, int64_t spin_ns,
                                          hawser_error* error);
HAWSER_API void hawser_engine_wake(hawser_engine* engine);  // [any] ends the present or the next sleep

// [driver] Closes the links that are still attached, as hawser_link_close does. Listeners and unattached links must be
// closed before.
HAWSER_API void hawser_engine_close(hawser_engine* engine);

// ---------------------------------------------------------------------------------------------------- links
// [any] Waits at `port` (0: a free one) of `bind_address` (NULL: all) for parties that connect.
HAWSER_API int32_t hawser_listen(hawser_engine* engine, const char* bind_address, uint16_t port, hawser_listener** out,
                                 hawser_error* error);
HAWSER_API uint16_t hawser_listener_port(hawser_listener* listener);  // [any]
// [any, one thread at a time; blocks] A party that connected with all its lanes. Strangers are dropped and counted, and
// do not delay others. HAWSER_TIMEOUT when none came.
HAWSER_API int32_t hawser_accept(hawser_listener* listener, int64_t timeout_ns, hawser_link** out, hawser_error* error);
HAWSER_API uint64_t hawser_listener_strangers(hawser_listener* listener);  // [any] connections refused so far
HAWSER_API void hawser_listener_close(hawser_listener* listener);          // [any, not while accept runs]

// [any, blocks] Connects all lanes to a listener.
HAWSER_API int32_t hawser_connect(hawser_engine* engine, const char* host, uint16_t port, int64_t timeout_ns,
                                  hawser_link** out, hawser_error* error);

// [driver] From now on the engine drives the link, whose number is written to `id`.
HAWSER_API int32_t hawser_link_attach(hawser_link* link, uint32_t* id, hawser_error* error);
HAWSER_API hawser_link_shared* hawser_link_memory(hawser_link* link,
                                                  uint64_t* bytes);  // [any] freed by hawser_link_close

typedef struct hawser_lane_info {
  char device[16];
  char local_address[64];
  char peer_address[64];
  char peer_device[16];
  int32_t speed_mbps;
  int32_t sockets;
  char last_error[128];  // why it was lost last, "" when it never was
} hawser_lane_info;

typedef struct hawser_link_info {
  int32_t peer_rank;  // -1 when it has none
  uint32_t lanes;
  uint32_t checksum;   // 1 when chunks carry CRC32C
  uint32_t initiator;  // 1 on the end that connected
  char peer_host[64];
} hawser_link_info;

HAWSER_API int32_t hawser_link_describe(hawser_link* link, hawser_link_info* out);             // [driver]
HAWSER_API int32_t hawser_link_lane(hawser_link* link, uint32_t lane, hawser_lane_info* out);  // [driver]
HAWSER_API int32_t hawser_link_error(hawser_link* link, hawser_error* out);                    // [driver]

enum hawser_memory_kind { HAWSER_MEMORY_HOST = 1, HAWSER_MEMORY_DEVICE = 2 };

// [driver] Registers memory with every lane, or with none: what was registered is undone when one refuses.
// Memory of a GPU (HAWSER_MEMORY_DEVICE) must be registered before operations carry its number: the lanes copy chunks
// between it and pinned memory of their own, set aside by the first registration for a GPU (which blocks), or hand it
// to networks that take it. An operation ends when no copy touches its memory any more; one whose bytes lie outside of
// the registered ones ends with HAWSER_INVALID_ARGUMENT, one whose copy fails with HAWSER_IO (hawser_link_error tells
// why). Work of the caller's on the GPU must have completed before. HAWSER_UNSUPPORTED, with the reason, without CUDA.
HAWSER_API int32_t hawser_link_register(hawser_link* link, void* address, uint64_t bytes, uint32_t kind,
                                        uint64_t* memory, hawser_error* error);
HAWSER_API int32_t hawser_link_deregister(hawser_link* link, uint64_t memory, hawser_error* error);  // [driver]

// [driver] Says goodbye when it can be said at once, and frees the link. Operations under way complete with
// HAWSER_CLOSED before it returns: their events are posted. To lose nothing, drive until `unacknowledged` is 0 first.
HAWSER_API void hawser_link_close(hawser_link* link);

#ifdef __cplusplus
}
#endif
