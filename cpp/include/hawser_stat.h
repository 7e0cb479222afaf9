// The file that each process keeps about itself, to be read from outside while it runs and after it has died: what its
// links, lanes and ports have moved, who in it waits for whom, its last errors and recent events. `hawser stat` reads
// it.
//
// One file a process, of a fixed size, little-endian, named PID-START-N.hawser (START as in hawser_stat_header, N for a
// second copy of the library in one process). The first engine or port context makes it; it goes when the process
// exits, and stays when the process dies. The header says where each table begins.
//
// Every row begins with its sequence, odd while the row is being filled in or cleared. Whoever reads takes the
// sequence, then the row, then the sequence again: equal and even, the row is whole. Counts, states and times of a row
// in use change without that, each by one store. Times (_ns) are of CLOCK_MONOTONIC.
//
// The rows of errors and events are rings: entry number n (from 0) is in row n % capacity and is there when the row's
// sequence is 2 n + 2. Nothing here holds a payload, a key or a program's arguments.
#pragma once

#include "hawser.h"

#ifdef __cplusplus
extern "C" {
#endif

// Raised whenever a struct or a constant of the file changes.
#define HAWSER_STAT_VERSION 1u
#define HAWSER_STAT_MAGIC 0x5441545352535748ull  // "HWSRSTAT"

typedef struct hawser_stat_table {
  uint64_t offset;    // from the start of the file
  uint32_t stride;    // bytes a row
  uint32_t capacity;  // rows
} hawser_stat_table;

typedef struct hawser_stat_header {
  uint64_t magic;  // stored last: without it the rest is not there yet
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  int32_t pid;
  int32_t rank;            // of the context that was opened last and has one, else -1
  uint64_t start;          // of the process, in ticks since boot: PID, start and boot name a process for good
  uint64_t pid_namespace;  // its inode: `pid` means something in this one alone
  int64_t opened_ns;
  int64_t opened_wall_ns;  // the same moment, since 1970
  char boot[40];           // the kernel's boot id
  char program[64];        // without arguments
  char host[64];
  hawser_stat_table links;
  hawser_stat_table lanes;
  hawser_stat_table ports;
  hawser_stat_table proxies;
  hawser_stat_table waits;
  hawser_stat_table errors;
  hawser_stat_table events;
  uint64_t error_tail;  // entries ever made
  uint64_t event_tail;
  uint64_t left_out;  // links, lanes, ports, proxies and waits that no row was free for
  uint64_t reserved[7];
} hawser_stat_header;

typedef struct hawser_stat_link {
  uint64_t sequence;
  uint32_t used;  // 0: the row is free
  int32_t rank;   // this end's, -1 when it has none; likewise the peer's
  int32_t peer_rank;
  int32_t peer_pid;  // 0: not told
  uint32_t state;    // a hawser_link_state
  uint32_t initiator;
  uint32_t encrypted;
  uint32_t lanes;
  int64_t opened_ns;
  int64_t updated_ns;       // when it was driven last
  uint64_t unacknowledged;  // as in hawser_link_shared
  uint64_t receives;        // posted, and no message has come for them yet
  char peer_host[64];
} hawser_stat_link;

enum hawser_stat_lane_state { HAWSER_STAT_LANE_DOWN = 0, HAWSER_STAT_LANE_UP = 1, HAWSER_STAT_LANE_REJOINING = 2 };

typedef struct hawser_stat_lane {
  uint64_t sequence;
  uint32_t used;
  uint32_t link;  // the row of its link
  uint32_t lane;
  uint32_t state;  // a hawser_stat_lane_state
  char device[16];
  char peer_device[16];
  uint64_t sent_bytes;  // these and the following: as in hawser_lane_state
  uint64_t received_bytes;
  uint64_t sent_messages;
  uint64_t received_messages;
  uint64_t returned_bytes;
  uint64_t returned_chunks;
  uint64_t losses;
  uint64_t returns;
  uint64_t checksum_errors;
  uint64_t strangers;
  uint64_t rate;
  int64_t progress_ns;  // when one of the counts was last seen to grow
} hawser_stat_lane;

typedef struct hawser_stat_port {
  uint64_t sequence;
  uint32_t used;
  int32_t rank;
  int32_t peer_rank;
  int32_t peer_pid;
  uint32_t transport;  // a hawser_port_transport
  uint32_t state;      // a hawser_port_state
  int64_t opened_ns;
  uint64_t puts;  // these three: as in hawser_port_connection_shared
  uint64_t signals;
  uint64_t bytes;
  uint64_t queued;  // works that wait for the transport
  char peer[64];
} hawser_stat_port;

typedef struct hawser_stat_proxy {
  uint64_t sequence;
  uint32_t used;
  int32_t rank;
  uint64_t capacity;  // triggers of its FIFO
  uint64_t served;    // triggers taken so far
  uint64_t depth;     // triggers that waited when it looked last
} hawser_stat_proxy;

typedef struct hawser_stat_wait {
  uint64_t sequence;
  uint32_t used;
  int32_t rank;
  int32_t peer;  // the rank waited for, -1 when it has none
  int32_t peer_pid;
  int64_t since_ns;
  int64_t deadline_ns;
  char what[104];  // "receive under key grad/3", "a link to node2:12347"
} hawser_stat_wait;

typedef struct hawser_stat_error {
  uint64_t sequence;
  int64_t time_ns;
  int32_t code;  // a hawser_code
  int32_t sys_errno;
  int32_t rank;  // this end's
  int32_t peer;
  int32_t lane;
  int32_t reserved;
  char device[16];
  char text[392];
} hawser_stat_error;

enum hawser_stat_event_kind {
  HAWSER_STAT_LINK_OPENED = 1,
  HAWSER_STAT_LINK_CLOSED = 2,  // by this end
  HAWSER_STAT_PEER_CLOSED = 3,
  HAWSER_STAT_LINK_FAILED = 4,
  HAWSER_STAT_LANE_LOST = 5,  // what it had not delivered goes over the others
  HAWSER_STAT_LANE_BACK = 6,
  HAWSER_STAT_CONNECT_FAILED = 7,
  HAWSER_STAT_REFUSED = 8,  // somebody who came was sent away; one a second is noted
  HAWSER_STAT_PORT_OPENED = 9,
  HAWSER_STAT_PORT_ENDED = 10
};

typedef struct hawser_stat_event {
  uint64_t sequence;
  int64_t time_ns;
  uint32_t kind;  // a hawser_stat_event_kind
  int32_t rank;   // this end's
  int32_t peer;
  int32_t lane;
  int32_t code;  // a hawser_code
  int32_t reserved;
  char device[16];
  char text[72];
} hawser_stat_event;

// [any] The folders in which such files may lie, a line each, the first to be tried first: HAWSER_STAT_DIR alone when
// it is set ("off" or empty: none), else $XDG_RUNTIME_DIR/hawser, /dev/shm/hawser-UID and hawser-UID in the folder for
// temporary files. Returns the length, truncating at `capacity` - 1.
HAWSER_API int32_t hawser_stat_folders(char* out, int32_t capacity);

// [any] This process's file; "" when it has none. Returns the length, truncating at `capacity` - 1.
HAWSER_API int32_t hawser_stat_file(char* out, int32_t capacity);

// [any] Notes that a thread of this process, `rank`, has been waiting for `peer` for `waited_ns` and does so for
// `left_ns` more at most. Returns what to give to hawser_stat_wait_end; -1 when it was not noted, which that takes too.
HAWSER_API int32_t hawser_stat_wait_begin(int32_t rank, int32_t peer, int64_t waited_ns, int64_t left_ns,
                                          const char* what);
HAWSER_API void hawser_stat_wait_end(int32_t wait);

#ifdef __cplusplus
}
#endif
