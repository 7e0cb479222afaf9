// The floor under every message library: one TCP_NODELAY connection, one message to and fro.
//
//   tcp_pingpong listen PORT spin|block BYTES
//   tcp_pingpong connect ADDRESS PORT spin|block BYTES SECONDS
//
// `spin` polls the socket without sleeping; `block` sleeps in the kernel until data is there. The connecting side
// prints {"iterations","p50_us","p99_us"}, half a round trip each; the listening side serves one connection.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SAMPLES = 1 << 22, WARM_UP = 2000, LIFETIME_SECONDS = 120 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

// False when the peer has closed between two messages.
static bool receive_all(int fd, char *buffer, size_t bytes, int flags) {
  size_t done = 0;
  while (done < bytes) {
    ssize_t n = recv(fd, buffer + done, bytes - done, flags);
    if (n > 0) {
      done += (size_t)n;
    } else if (n == 0 && done == 0) {
      return false;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      die("recv");
    }
  }
  return true;
}

static void send_all(int fd, const char *buffer, size_t bytes, int flags) {
  size_t done = 0;
  while (done < bytes) {
    ssize_t n = send(fd, buffer + done, bytes - done, flags);
    if (n >= 0) {
      done += (size_t)n;
    } else if (errno != EAGAIN && errno != EINTR) {
      die("send");
    }
  }
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void serve(int fd, char *buffer, size_t bytes, int flags) {
  while (receive_all(fd, buffer, bytes, flags)) send_all(fd, buffer, bytes, flags);
}

static void measure(int fd, char *buffer, size_t bytes, int flags, double seconds) {
  float *half_us = malloc(MAX_SAMPLES * sizeof *half_us);
  if (!half_us) die("malloc");
  size_t count = 0;
  double end = now() + seconds;
  for (size_t i = 0; count < MAX_SAMPLES; i++) {
    double start = now();
    if (start > end && count > 0) break;
    send_all(fd, buffer, bytes, flags);
    if (!receive_all(fd, buffer, bytes, flags)) die("peer closed");
    if (i >= WARM_UP) half_us[count++] = (float)((now() - start) * 0.5e6);
  }
  qsort(half_us, count, sizeof *half_us, by_value);
  printf("{\"iterations\":%zu,\"p50_us\":%.3f,\"p99_us\":%.3f}\n", count, (double)half_us[count / 2],
         (double)half_us[count * 99 / 100]);
  free(half_us);
}

static int open_socket(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  return fd;
}

int main(int argc, char **argv) {
  bool listening = argc == 5 && !strcmp(argv[1], "listen");
  bool connecting = argc == 7 && !strcmp(argv[1], "connect");
  if (!listening && !connecting) {
    fprintf(stderr,
            "usage: tcp_pingpong listen PORT spin|block BYTES\n"
            "       tcp_pingpong connect ADDRESS PORT spin|block BYTES SECONDS\n");
    return 2;
  }
  alarm(LIFETIME_SECONDS);
  char **args = argv + (listening ? 2 : 3);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(args[0]))};
  int flags = strcmp(args[1], "spin") ? 0 : MSG_DONTWAIT;
  size_t bytes = strtoul(args[2], NULL, 10);
  char *buffer = calloc(1, bytes);
  if (!buffer) die("calloc");

  const int on = 1;
  int fd = open_socket();
  if (listening) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1)) die("listen");
    int connection = accept(fd, NULL, NULL);
    if (connection < 0) die("accept");
    close(fd);
    fd = connection;
  } else {
    if (inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) die("address");
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
  }
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) die("TCP_NODELAY");
  if (listening) {
    serve(fd, buffer, bytes, flags);
  } else {
    measure(fd, buffer, bytes, flags, atof(args[3]));
  }
  free(buffer);
  close(fd);
  return 0;
}
