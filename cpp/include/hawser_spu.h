// The C ABI of libhawser_spu.so: libspu, which exports nothing but a Python module, for other languages.
//
// One Python interpreter lives in the process from hawser_spu_start until the process ends; it installs no signal
// handlers. All functions may be called by any thread [any]. Those that enter the interpreter wait while another thread
// executes Python, which is never for long: it is left around every call of a channel and where libspu computes.
//
// Ownership. libspu's objects are named by handles, which are never used twice; hawser_spu_release gives one up. Memory
// handed to a function is the caller's own again when it returns. Memory of a message that libspu hands to a channel's
// asynchronous send, and whose channel kept it, is libspu's until hawser_spu_sent.
//
// Errors. Functions return HAWSER_OK or a negative hawser_code (hawser.h) and fill the hawser_spu_error that the caller
// passes (may be NULL). No exception crosses this boundary and nothing here ends the process.
#pragma once

#include "hawser.h"

#ifdef __cplusplus
extern "C" {
#endif

// Raised whenever a function's signature, a struct or a constant in this file changes.
#define HAWSER_SPU_ABI_VERSION 3u

typedef struct hawser_spu_error {
  int32_t code;     // a hawser_code
  char text[4092];  // UTF-8, NUL-terminated: what failed, in libspu's own words where it was libspu
} hawser_spu_error;

typedef struct hawser_spu_facts {
  char python[32];               // "3.11.2"
  char spu[60];                  // version of the package
  int32_t create_with_channels;  // 1: links can run on channels of the caller
} hawser_spu_facts;

typedef struct hawser_spu_live {
  int64_t objects;   // handles not released
  int64_t tokens;    // asynchronous sends not told sent
  int64_t channels;  // channels that libspu still holds
} hawser_spu_live;

// How a channel is asked to send.
enum hawser_spu_sending { HAWSER_SPU_SEND = 0, HAWSER_SPU_SEND_ASYNC = 1, HAWSER_SPU_SEND_ASYNC_THROTTLED = 2 };

// What else a channel is asked, with one argument (0 where it needs none).
enum hawser_spu_request {
  HAWSER_SPU_TEST_SEND = 0,  // milliseconds
  HAWSER_SPU_TEST_RECV = 1,
  HAWSER_SPU_WAIT_LINK_TASK_FINISH = 2,
  HAWSER_SPU_ABORT = 3,
  HAWSER_SPU_SET_THROTTLE_WINDOW_SIZE = 4,
  HAWSER_SPU_SET_CHUNK_PARALLEL_SEND_SIZE = 5,
  HAWSER_SPU_SET_RECV_TIMEOUT = 6,  // milliseconds
  HAWSER_SPU_GET_RECV_TIMEOUT = 7   // answers milliseconds
};

// What a channel does, called by any thread, several at once, without the interpreter held unless said otherwise. A
// negative answer is a failure, of which `error` may tell more; libspu gets it as an exception. Keys are UTF-8 and not
// NUL-terminated. The table is copied.
typedef struct hawser_spu_channel {
  // Answers 1 when `data` is still needed, until hawser_spu_sent(token) is called exactly once; 0 when it is not.
  // A HAWSER_SPU_SEND calls hawser_spu_sent(token) exactly once in any case, before it returns or after: one that takes
  // too long fails, but cannot let go of the data at once.
  int32_t (*send)(int64_t channel, int32_t sending, const char* key, int32_t key_bytes, const void* data, int64_t bytes,
                  int64_t token, hawser_spu_error* error);
  // Waits for a message and answers its bytes. It stays pending for the `take` that the same thread calls next.
  int64_t (*recv)(int64_t channel, const char* key, int32_t key_bytes, hawser_spu_error* error);
  // Copies the pending message to `destination`, or drops it when that is NULL.
  int32_t (*take)(int64_t channel, void* destination, hawser_spu_error* error);
  int64_t (*request)(int64_t channel, int32_t request, int64_t argument, hawser_spu_error* error);
  // libspu holds the channel no longer: this is the last call for it. With the interpreter held: must not block.
  void (*dropped)(int64_t channel);
} hawser_spu_channel;

// ---------------------------------------------------------------------------------------------------- interpreter
HAWSER_API uint32_t hawser_spu_abi_version(void);  // [any]

// [any] Starts Python in the virtual environment `environment` (a folder) and loads libspu. Once a process: a later
// call tells how the first one ended.
HAWSER_API int32_t hawser_spu_start(const char* environment, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_get_facts(hawser_spu_facts* out, hawser_spu_error* error);

// [any] Never blocks and does not enter the interpreter: the object goes when the interpreter is next entered.
HAWSER_API void hawser_spu_release(int64_t object);
// [any] As hawser_spu_release, for the memory of an asynchronous send.
HAWSER_API void hawser_spu_sent(int64_t token);
// [any] Enters the interpreter, so that what was released goes, and counts what is left.
HAWSER_API int32_t hawser_spu_count_live(hawser_spu_live* out, hawser_spu_error* error);

// [any] The memory of an object that is bytes; valid until the object is released.
HAWSER_API int32_t hawser_spu_bytes(int64_t object, const void** data, int64_t* bytes, hawser_spu_error* error);

// ---------------------------------------------------------------------------------------------------- links
// Configurations are JSON objects with libspu's own attribute names: numbers, texts and truth values, enums by name,
// nested objects. An unknown name or a wrong type is an error that names it.

// [any] `mode` is "channels", "mem" or "brpc"; `desc` an object of libspu.link.Desc's attributes, whose "parties" are
// [{"id":..,"host":..},..]. In the mode "channels" `ops` and one channel a party are given, 0 for this party itself.
// Blocks until all parties have opened it.
HAWSER_API int32_t hawser_spu_open_link(const char* mode, const char* desc, int32_t rank, const hawser_spu_channel* ops,
                                        const int64_t* channels, int32_t count, int64_t* link, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_link_place(int64_t link, int32_t* rank, int32_t* world_size, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_link_send(int64_t link, int32_t to, const void* data, int64_t bytes, int32_t async,
                                        hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_link_recv(int64_t link, int32_t from, int64_t* message, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_stop_link(int64_t link, hawser_spu_error* error);

// ---------------------------------------------------------------------------------------------------- programs
// [any] `ir_type` is "stablehlo" or "xla"; visibilities are libspu's numbers, one an input. `code` becomes bytes.
HAWSER_API int32_t hawser_spu_compile(const void* ir, int64_t ir_bytes, const char* ir_type,
                                      const int32_t* visibilities, int32_t count, const char* options, int64_t* code,
                                      hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_executable(const char* name, const char* const* inputs, int32_t input_count,
                                         const char* const* outputs, int32_t output_count, const void* code,
                                         int64_t code_bytes, int64_t* executable, hawser_spu_error* error);

// ---------------------------------------------------------------------------------------------------- shares
// A plain tensor, row-major; memory of the caller, or of the object that it was read from.
typedef struct hawser_spu_array {
  int32_t data_type;  // libspu's number
  int32_t rank;       // of `shape`
  const int64_t* shape;
  const void* data;
  int64_t bytes;
} hawser_spu_array;

// [any] Writes `world_size` handles.
HAWSER_API int32_t hawser_spu_make_shares(int32_t world_size, const char* config, const hawser_spu_array* array,
                                          int32_t visibility, int32_t owner, int64_t* shares, hawser_spu_error* error);
// [any] `array` becomes an object that hawser_spu_read_array reads.
HAWSER_API int32_t hawser_spu_reconstruct(int32_t world_size, const char* config, const int64_t* shares, int32_t count,
                                          int64_t* array, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_read_array(int64_t array, hawser_spu_array* out, hawser_spu_error* error);

// [any] A share from its serialized parts, and back: part 0 is the meta data, the others are chunks. Each is bytes.
HAWSER_API int32_t hawser_spu_share_of(const void* const* parts, const int64_t* part_bytes, int32_t count,
                                       int64_t* share, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_share_parts(int64_t share, int32_t* count, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_share_part(int64_t share, int32_t index, int64_t* part, hawser_spu_error* error);

// ---------------------------------------------------------------------------------------------------- runtimes
// [any] Keeps the link for as long as it lives. One thread at a time uses a runtime.
HAWSER_API int32_t hawser_spu_runtime(int64_t link, const char* config, int64_t* runtime, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_set_var(int64_t runtime, const char* name, int64_t share, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_get_var(int64_t runtime, const char* name, int64_t* share, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_del_var(int64_t runtime, const char* name, hawser_spu_error* error);
HAWSER_API int32_t hawser_spu_run(int64_t runtime, int64_t executable, hawser_spu_error* error);

// ---------------------------------------------------------------------------------------------------- xla
// StableHLO on this machine's own processors, by the XLA client of the environment's jaxlib, which the first of these
// calls loads. A program that would call functions of the process, or wait for a host, is refused.

// [any] Replaces the shapes that a program leaves open by those that follow from its arguments', one an argument such
// as "2x3", empty for a scalar; `refined` becomes bytes.
HAWSER_API int32_t hawser_spu_xla_refine(const void* ir, int64_t ir_bytes, const char* const* shapes, int32_t count,
                                         int64_t* refined, hawser_spu_error* error);
// [any] `ir` is StableHLO's text, or MLIR byte code. Answers the number of results too.
HAWSER_API int32_t hawser_spu_xla_compile(const void* ir, int64_t ir_bytes, int64_t* program, int32_t* results,
                                          hawser_spu_error* error);
// [any] Many threads may run one program at once. Arguments of another element type are converted. Writes
// `result_count` handles, each an object that hawser_spu_read_array reads, in XLA's own memory.
HAWSER_API int32_t hawser_spu_xla_run(int64_t program, const hawser_spu_array* arguments, int32_t count,
                                      int64_t* results, int32_t result_count, hawser_spu_error* error);

#ifdef __cplusplus
}
#endif
