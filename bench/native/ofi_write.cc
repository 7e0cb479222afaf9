// Puts of the transports IBn beside a bare loop of fi_write over the same provider: two processes on this machine, the
// same window and sizes, taking turns. Prints gigabytes a second of both and the ratio of their medians.
//   bench_ofi_write [provider] [seconds a turn] [turns] [size]...
#include <rdma/fi_rma.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "arguments.h"
#include "plain_ofi.h"
#include "port/context.h"
#include "port/endpoint.h"

namespace hawser::port {
namespace {

using bench::check;
using bench::die;

constexpr uint64_t kWindow = 16;
constexpr Nanos kPatience = 60 * kSecond;
constexpr int kLooks = 256;  // at the queue, between two at the socket

struct Options {
  std::string provider = "tcp";
  double seconds = 1;
  int turns = 5;
  std::vector<uint64_t> sizes{1 << 20, 16 << 20};
};

// The two processes' own line, for set-up and turns.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  void send(const std::vector<uint8_t>& bytes) {
    const uint64_t length = bytes.size();
    if (::send(fd_, &length, sizeof(length), MSG_NOSIGNAL) != sizeof(length)) die("the other process is gone");
    if (::send(fd_, bytes.data(), length, MSG_NOSIGNAL) != static_cast<ssize_t>(length))
      die("the other process is gone");
  }
  std::vector<uint8_t> receive() {
    uint64_t length = 0;
    if (recv(fd_, &length, sizeof(length), MSG_WAITALL) != sizeof(length)) die("the other process is gone");
    std::vector<uint8_t> bytes(length);
    if (recv(fd_, bytes.data(), length, MSG_WAITALL) != static_cast<ssize_t>(length)) die("the other process is gone");
    return bytes;
  }
  void meet() {
    send({1});
    receive();
  }
  bool rings() const {
    char byte = 0;
    return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
  }

 private:
  int fd_;
};

// What a user of libfabric would write.
class Plain {
 public:
  Plain(const Options& options, std::vector<uint8_t>& memory, Line& line)
      : memory_(memory),
        line_(line),
        ofi_({options.provider, "", FI_RMA | FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE,
              FI_ORDER_WAW | FI_ORDER_RAW}),
        mr_(ofi_.register_memory(memory, FI_READ | FI_WRITE | FI_REMOTE_READ | FI_REMOTE_WRITE)) {
    exchange(ofi_.has_virtual_addresses() ? reinterpret_cast<uint64_t>(memory_.data()) : 0);
  }
  ~Plain() { fi_close(&mr_->fid); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  // Gigabytes a second. The last read comes back when all is there.
  double write(uint64_t bytes, Nanos duration) {
    post(false, bytes);
    ofi_.drain(0);
    const Nanos begin = now();
    uint64_t puts = 0;
    for (; now() - begin < duration; ++puts) {
      ofi_.drain(kWindow - 1);
      post(false, bytes);
    }
    ofi_.drain(0);
    post(true, sizeof(uint64_t));
    ofi_.drain(0);
    return static_cast<double>(puts * bytes) / static_cast<double>(now() - begin);
  }
  // Lets the provider work until the line rings.
  void serve() {
    while (!line_.rings()) {
      for (int look = 0; look < kLooks; ++look) ofi_.look();
    }
  }

 private:
  void exchange(uint64_t base) {
    const std::vector<uint8_t> name = ofi_.name();
    Writer told;
    told.put_block(name.data(), name.size());
    told.put(base);
    told.put(fi_mr_key(mr_));
    line_.send(told.bytes());
    const std::vector<uint8_t> answer = line_.receive();
    Reader theirs(answer.data(), answer.size());
    const Reader address = theirs.get_block();
    base_ = theirs.get<uint64_t>();
    key_ = theirs.get<uint64_t>();
    ofi_.address(address.rest().data());
  }
  void post(bool is_read, uint64_t bytes) {
    ofi_.post("fi_write", [&](fid_ep* endpoint, fi_addr_t peer) {
      return is_read ? fi_read(endpoint, memory_.data(), bytes, fi_mr_desc(mr_), peer, base_, key_, &context_)
                     : fi_write(endpoint, memory_.data(), bytes, fi_mr_desc(mr_), peer, base_, key_, &context_);
    });
  }

  std::vector<uint8_t>& memory_;
  Line& line_;
  bench::PlainOfi ofi_;
  fid_mr* mr_;
  fi_context2 context_{};
  uint64_t base_ = 0;
  uint64_t key_ = 0;
};

class Port {
 public:
  Port(const Options& options, int32_t rank, std::vector<uint8_t>& memory, Line& line) {
    hawser_port_config config{};
    config.struct_size = sizeof(config);
    config.rank = rank;
    std::strcpy(config.address, "127.0.0.1");
    check(context_.open(config));
    hawser_endpoint_config endpoint_config{};
    endpoint_config.struct_size = sizeof(endpoint_config);
    endpoint_config.transport = HAWSER_PORT_IB0;
    endpoint_config.device = -1;
    options.provider.copy(endpoint_config.ib_provider, sizeof(endpoint_config.ib_provider) - 1);
    std::unique_ptr<Endpoint> endpoint;
    check(Endpoint::open(context_, endpoint_config, &endpoint));
    line.send(endpoint->told());
    std::vector<uint8_t> told = line.receive();
    check(endpoint->connect(Reader(told.data(), told.size()), now() + kPatience, &connection_));
    check(Memory::register_local(context_, memory.data(), memory.size(), HAWSER_MEMORY_HOST, 1u << HAWSER_PORT_IB0,
                                 &mine_));
    line.send(mine_->told());
    told = line.receive();
    check(Memory::import(context_, Reader(told.data(), told.size()), now() + kPatience, &theirs_));
  }
  ~Port() { connection_->close(); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  double put(uint64_t bytes, Nanos duration) {
    await(submit(bytes));
    const Nanos begin = now();
    std::deque<uint64_t> marks;
    uint64_t puts = 0;
    for (; now() - begin < duration; ++puts) {
      if (marks.size() == kWindow) {
        await(marks.front());
        marks.pop_front();
      }
      marks.push_back(submit(bytes));
    }
    await(marks.back());
    return static_cast<double>(puts * bytes) / static_cast<double>(now() - begin);
  }

 private:
  uint64_t submit(uint64_t bytes) {
    uint64_t mark = 0;
    check(connection_->submit({Work::put(theirs_.get(), 0, mine_.get(), 0, bytes), Work::fence()}, &mark));
    return mark;
  }
  void await(uint64_t mark) { check(connection_->await_fence(mark, now() + kPatience, 0)); }

  Context context_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Memory> mine_;
  std::shared_ptr<Memory> theirs_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const Options& options, int32_t rank, int fd) {
  Line line(fd);
  std::vector<uint8_t> memory(*std::max_element(options.sizes.begin(), options.sizes.end()), 1);
  const auto duration = static_cast<Nanos>(options.seconds * kSecond);
  Plain plain(options, memory, line);
  Port port(options, rank, memory, line);
  for (const uint64_t bytes : options.sizes) {
    std::vector<double> of_plain;
    std::vector<double> of_port;
    for (int turn = 0; turn < options.turns; ++turn) {
      line.meet();
      if (rank == 0) {
        of_plain.push_back(plain.write(bytes, duration));
      } else {
        plain.serve();
      }
      line.meet();
      if (rank == 0) of_port.push_back(port.put(bytes, duration));
    }
    if (rank != 0) continue;
    const auto [least_plain, most_plain] = std::minmax_element(of_plain.begin(), of_plain.end());
    const auto [least_port, most_port] = std::minmax_element(of_port.begin(), of_port.end());
    std::printf("%s %9llu bytes: fi_write %.3f (%.3f-%.3f), port %.3f (%.3f-%.3f) GB/s, ratio %.3f\n",
                options.provider.c_str(), static_cast<unsigned long long>(bytes), median(of_plain), *least_plain,
                *most_plain, median(of_port), *least_port, *most_port, median(of_port) / median(of_plain));
    std::fflush(stdout);
  }
  line.meet();
}

double number(const char* text) {
  const double value = bench::parse_number(text);
  if (value <= 0) die(std::string("not a number above 0: ") + text);
  return value;
}

}  // namespace
}  // namespace hawser::port

int main(int argc, char** argv) {
  using namespace hawser::port;
  Options options;
  if (argc > 1) options.provider = argv[1];
  if (argc > 2) options.seconds = number(argv[2]);
  if (argc > 3) options.turns = static_cast<int>(number(argv[3]));
  if (argc > 4) options.sizes.clear();
  for (int i = 4; i < argc; ++i) options.sizes.push_back(static_cast<uint64_t>(number(argv[i])));
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) die("no socket pair");
  const pid_t child = fork();
  if (child < 0) die("cannot fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(options, 1, ends[1]);
    return 0;
  }
  run(options, 0, ends[0]);
  waitpid(child, nullptr, 0);
  return 0;
}
