// The handle that NCCL carries from a listener of our plugin to its connector.
#include <arpa/inet.h>

#include "fuzz/target.h"
#include "nccl/rendezvous.h"
#include "net/nccl_abi.h"

namespace hawser::fuzz {
namespace {

using nccl::kHandleBytes;
using nccl::Rendezvous;

bool is_numeric(const std::string& address) {
  in6_addr binary{};
  return inet_pton(AF_INET, address.c_str(), &binary) == 1 || inet_pton(AF_INET6, address.c_str(), &binary) == 1;
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  std::vector<uint8_t> handle(kHandleBytes);
  input.fill(handle.data(), handle.size());
  Rendezvous read;
  if (!Rendezvous::read(handle.data(), &read).ok()) return;
  require(!read.addresses.empty(), "a handle leads somewhere");
  for (const std::string& address : read.addresses) require(is_numeric(address), "addresses need no resolver");
  std::vector<uint8_t> again(kHandleBytes);
  read.write_to(again.data());
  Rendezvous same;
  require(Rendezvous::read(again.data(), &same).ok(), "what was read can be written");
  require(same.port == read.port && same.ticket == read.ticket && same.addresses == read.addresses,
          "a handle survives its journey");
}

std::vector<Seed> seeds() {
  const auto handle = [](const std::vector<std::string>& addresses) {
    Rendezvous rendezvous;
    rendezvous.port = 4711;
    rendezvous.ticket = {1, 2};
    rendezvous.addresses = addresses;
    std::vector<uint8_t> bytes(kHandleBytes);
    rendezvous.write_to(bytes.data());
    return bytes;
  };
  return {{"one", handle({"127.0.0.1"})}, {"both", handle({"192.0.2.7", "2001:db8::7"})}, {"none", handle({})}};
}

const Registered registered({"nccl_handle", run, seeds});

}  // namespace
}  // namespace hawser::fuzz
