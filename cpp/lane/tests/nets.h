// The networks that the lanes' own tests run over.
#pragma once

#include <cstdlib>

#include "hawser_trust.h"
#include "lane/tests/party.h"

namespace hawser::testing {

struct Net {
  const char* name;
  const char* net;
  const char* lanes;
  bool slow_to_connect = false;
  bool encrypted = false;
};
// For the names of tests.
inline void PrintTo(const Net& net, std::ostream* out) { *out << net.name; }
constexpr Net kPluginNet{"plugin", "plugin:" TEST_PLUGIN, "4"};
constexpr Net kUnpackingNet{"unpacking_plugin", "plugin:" TEST_PLUGIN_UNPACK, "4"};
constexpr Net kNets[] = {{"socket", "", "=lo,lo,lo,lo"},
#ifdef TEST_TLS
                         {"tls", "", "=lo,lo,lo,lo", false, true},
#endif
                         kPluginNet,
                         kUnpackingNet};
// Links run over libfabric too; a loaded machine connects there too slowly for tests of lanes that are to be back in
// time.
inline std::vector<Net> nets_of_links() {
  std::vector<Net> nets(std::begin(kNets), std::end(kNets));
#ifdef TEST_OFI
  nets.push_back({"ofi_tcp", "ofi:tcp", "=lo,lo,lo,lo", true});
  nets.push_back({"ofi_shm", "ofi:shm", "=shm,shm,shm,shm", true});
#endif
  return nets;
}

// An identity of a key that both parties share; kept to the end.
inline hawser_identity* shared_identity() {
  static hawser_identity* const identity = [] {
    setenv("HAWSER_TLS_PSK", "a key of tests, shared by all parties", 1);
    hawser_identity_config config{};
    config.struct_size = sizeof config;
    hawser_identity* made = nullptr;
    hawser_error error{};
    EXPECT_EQ(hawser_identity_open(&config, &made, &error), HAWSER_OK) << error.text;
    unsetenv("HAWSER_TLS_PSK");
    return made;
  }();
  return identity;
}

// The same configuration as `config` over another network.
inline hawser_config over(const Net& net, hawser_config config = test_config()) {
  std::strncpy(config.lanes, net.lanes, sizeof(config.lanes) - 1);
  std::strncpy(config.net, net.net, sizeof(config.net) - 1);
  if (net.encrypted) {
    config.identity = shared_identity();
    config.checksum = HAWSER_ON;  // tests break payloads above the encryption
  }
  return config;
}

}  // namespace hawser::testing
