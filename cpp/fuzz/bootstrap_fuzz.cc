// What a connector reads from whoever listens where it was told to go: lane handles, or why it is refused.
#include "fuzz/target.h"
#include "fuzz/wire_pair.h"
#include "lane/bootstrap.h"

namespace hawser::fuzz {
namespace {

void run(const uint8_t* data, size_t size) {
  UniqueFd far;
  SecureSocket socket(connection_that_says(data, size, &far));
  std::vector<Handle> handles;
  const Status status = bootstrap_client_recv_handles(socket, now() + kSecond, &handles);
  require(handles.size() <= HAWSER_MAX_LANES, "a listener offers no more lanes than there may be");
  require(status.code() != HAWSER_TIMEOUT, "a connection that has ended is not waited for");
  if (!status.ok()) return;
  require(bootstrap_message(handles).size() <= size, "what was read is what was sent");
  require(bootstrap_client_recv_refusal(socket, now() + kSecond).size() <= 400, "a refusal is short");
}

std::vector<Seed> seeds() {
  const auto both = [](size_t lanes, const char* why) {
    std::vector<uint8_t> bytes = bootstrap_message(std::vector<Handle>(lanes));
    const std::vector<uint8_t> refusal = bootstrap_refusal(why);
    bytes.insert(bytes.end(), refusal.begin(), refusal.end());
    return bytes;
  };
  return {{"one-lane", bootstrap_message(std::vector<Handle>(1))},
          {"none", bootstrap_message({})},
          {"two-lanes-refused", both(2, "the ranks do not match")}};
}

const Registered registered({"bootstrap", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
