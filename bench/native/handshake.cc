// How long two parties take to a link of four lanes on loopback: in the clear, encrypted between parties that have
// never met, and encrypted between those that have, whose lanes resume. In turns, so that all see the same machine.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arguments.h"
#include "base/text.h"
#include "lane/listener.h"
#include "trust/identity.h"

namespace hawser {
namespace {

using bench::check;

constexpr Nanos kPatience = 20 * kSecond;
constexpr int kLanes = 4;

struct Options {
  int rounds = 20;
  std::string certificate;
  std::string key;
  std::string roots;

  bool encrypted() const { return !certificate.empty(); }
};

std::shared_ptr<Identity> open_identity(const Options& options) {
  hawser_identity_config config{};
  config.struct_size = sizeof(config);
  copy_text(config.certificate, options.certificate);
  copy_text(config.key, options.key);
  copy_text(config.roots, options.roots);
  std::shared_ptr<Identity> identity;
  check(Identity::open(config, &identity));
  return identity;
}

// A party of its own, with an identity or without.
class End {
 public:
  explicit End(std::shared_ptr<Identity> identity) : identity_{std::move(identity)} {
    hawser_config config{};
    config.struct_size = sizeof(config);
    config.rank = -1;
    copy_text(config.lanes, "=lo,lo,lo,lo");
    if (identity_.identity != nullptr) config.identity = &identity_;
    check(engine.open(config));
  }

 private:
  hawser_identity identity_;

 public:
  Engine engine;
};

// Milliseconds from the first connection to the last hello.
double meet(End& a, End& b) {
  Listener listener(b.engine);
  check(listener.open("127.0.0.1", 0));
  std::unique_ptr<Link> there;
  std::unique_ptr<Link> here;
  std::thread accepting([&] { check(listener.accept(kPatience, &here)); });
  const Nanos begin = now();
  check(connect_link(a.engine, "127.0.0.1", listener.port(), kPatience, &there));
  accepting.join();
  const Nanos took = now() - begin;
  if (there->channels().get_num_channels() != kLanes) bench::die("the link has not all lanes");
  there->close();
  here->close();
  return static_cast<double>(took) / static_cast<double>(kMillisecond);
}

class Figures {
 public:
  void add(double milliseconds) { all_.push_back(milliseconds); }
  void print(const char* name) {
    std::sort(all_.begin(), all_.end());
    std::printf("\"%s_ms\":%.2f,\"%s_most_ms\":%.2f,", name, all_[all_.size() / 2], name, all_.back());
  }

 private:
  std::vector<double> all_;
};

void run(const Options& options) {
  End a(nullptr);
  End b(nullptr);
  Figures clear;
  Figures first;
  Figures again;
  for (int i = 0; i < options.rounds; ++i) {
    clear.add(meet(a, b));
    if (!options.encrypted()) continue;
    End left(open_identity(options));
    End right(open_identity(options));
    first.add(meet(left, right));
    again.add(meet(left, right));
  }
  std::printf("{");
  clear.print("clear");
  if (options.encrypted()) {
    first.print("first");
    again.print("resumed");
  }
  std::printf("\"rounds\":%d,\"lanes\":%d}\n", options.rounds, kLanes);
}

}  // namespace
}  // namespace hawser

// bench_handshake [--rounds N] [--certificate FILE --key FILE --roots FILE], as `hawser identity new` makes them
int main(int argc, char** argv) {
  hawser::Options options;
  hawser::bench::parse_options(argc, argv,
                               {{"--rounds", options.rounds},
                                {"--certificate", options.certificate},
                                {"--key", options.key},
                                {"--roots", options.roots}});
  hawser::run(options);
}
