// Two ranks: a stream of messages with a window in flight, or a ping-pong.
//
//   mpi_bench bw|lat BYTES WINDOW SECONDS
//
// Rank 0 sends and prints {"iterations","seconds","cpu_seconds","p50_us","p99_us"}. CPU is that of both ranks while
// measuring, without start-up. In lat the percentiles are half round trips. Each rank pins itself to the core of its
// number: both spin, and two spinning ranks on one core would cost each other a factor.

#define _GNU_SOURCE
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_WINDOW = 1024, MAX_SAMPLES = 1 << 20, DATA = 1, DONE = 2, LIFETIME_SECONDS = 120 };

struct shape {
  int rank, bytes, window;
  char *buffer;  // `window` messages
};

static float samples[MAX_SAMPLES];

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

// A window that slides: message i reuses the slot of message i - window once that one is complete.
static double stream(const struct shape *s, long count) {
  MPI_Request slots[MAX_WINDOW];
  for (int i = 0; i < s->window; i++) slots[i] = MPI_REQUEST_NULL;
  double start = MPI_Wtime();
  for (long i = 0; i < count; i++) {
    int slot = (int)(i % s->window);
    char *message = s->buffer + (size_t)slot * (size_t)s->bytes;
    MPI_Wait(&slots[slot], MPI_STATUS_IGNORE);
    if (s->rank == 0) {
      MPI_Isend(message, s->bytes, MPI_BYTE, 1, DATA, MPI_COMM_WORLD, &slots[slot]);
    } else {
      MPI_Irecv(message, s->bytes, MPI_BYTE, 0, DATA, MPI_COMM_WORLD, &slots[slot]);
    }
  }
  MPI_Waitall(s->window, slots, MPI_STATUSES_IGNORE);
  // Sent is not received: the time ends when the other rank says it has everything.
  if (s->rank == 0) {
    MPI_Recv(NULL, 0, MPI_BYTE, 1, DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    MPI_Send(NULL, 0, MPI_BYTE, 0, DONE, MPI_COMM_WORLD);
  }
  return MPI_Wtime() - start;
}

static double ping_pong(const struct shape *s, long count) {
  double start = MPI_Wtime();
  for (long i = 0; i < count; i++) {
    double sent = MPI_Wtime();
    if (s->rank == 0) {
      MPI_Send(s->buffer, s->bytes, MPI_BYTE, 1, DATA, MPI_COMM_WORLD);
      MPI_Recv(s->buffer, s->bytes, MPI_BYTE, 1, DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (i < MAX_SAMPLES) samples[i] = (float)((MPI_Wtime() - sent) * 0.5e6);
    } else {
      MPI_Recv(s->buffer, s->bytes, MPI_BYTE, 0, DATA, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(s->buffer, s->bytes, MPI_BYTE, 0, DATA, MPI_COMM_WORLD);
    }
  }
  return MPI_Wtime() - start;
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  alarm(LIFETIME_SECONDS);
  struct shape s;
  int ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &s.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 5 || ranks != 2 || (s.window = atoi(argv[3])) < 1 || s.window > MAX_WINDOW) {
    fprintf(stderr, "usage: mpirun -n 2 mpi_bench bw|lat BYTES WINDOW SECONDS (WINDOW at most %d)\n", MAX_WINDOW);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET((size_t)(s.rank % (int)sysconf(_SC_NPROCESSORS_ONLN)), &core);
  sched_setaffinity(0, sizeof core, &core);

  int latency = !strcmp(argv[1], "lat");
  double (*test)(const struct shape *, long) = latency ? ping_pong : stream;
  double seconds = atof(argv[4]), elapsed;
  s.bytes = atoi(argv[2]);
  s.buffer = malloc((size_t)s.window * (size_t)s.bytes);
  if (!s.buffer) MPI_Abort(MPI_COMM_WORLD, 1);
  // Written once: memory that never was is one page of zeros, which costs nothing to read.
  memset(s.buffer, s.rank + 1, (size_t)s.window * (size_t)s.bytes);

  // Doubles until a run is long enough to tell how many messages fill the time; rank 0 decides for both.
  long count = latency ? 100 : s.window;
  for (;;) {
    elapsed = test(&s, count);
    MPI_Bcast(&elapsed, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (elapsed > seconds / 10) break;
    count *= 2;
  }
  count = (long)((double)count * seconds / elapsed) + 1;

  double cpu = cpu_seconds(), total_cpu;
  elapsed = test(&s, count);
  cpu = cpu_seconds() - cpu;
  MPI_Reduce(&cpu, &total_cpu, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  if (s.rank == 0) {
    long kept = latency ? (count < MAX_SAMPLES ? count : MAX_SAMPLES) : 1;
    qsort(samples, (size_t)kept, sizeof *samples, by_value);
    printf("{\"iterations\":%ld,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"p50_us\":%.3f,\"p99_us\":%.3f}\n", count,
           elapsed, total_cpu, (double)samples[kept / 2], (double)samples[kept * 99 / 100]);
  }
  free(s.buffer);
  MPI_Finalize();
  return 0;
}
