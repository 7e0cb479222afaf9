#include "nccl/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "nccl/log.h"

namespace hawser::nccl {

namespace {

Status refuse(const char* variable, std::string_view text, const std::string& wanted) {
  return {HAWSER_INVALID_ARGUMENT, std::string(variable) + " is \"" + std::string(text) + "\", it must be " + wanted};
}

// Decimal digits, and behind them a letter of `units`, the n-th of which stands for 1024 to the n.
bool parse_number(std::string_view text, std::string_view units, uint64_t most, uint64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (error != std::errc()) return false;
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (!unit.empty()) {
    const size_t power = units.find(static_cast<char>(unit[0] & ~0x20)) + 1;  // in either case
    if (unit.size() > 1 || power == 0 || *out > most >> (10 * power)) return false;
    *out <<= 10 * power;
  }
  return *out <= most;
}

Status read_number(const char* variable, std::string_view units, uint64_t most, uint64_t* out) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return {};
  if (parse_number(text, units, most, out)) return {};
  return refuse(variable, text,
                "a number up to " + std::to_string(most) + (units.empty() ? "" : ", such as 512K with its unit"));
}

Status read_number(const char* variable, std::string_view units, uint32_t* out) {
  uint64_t value = *out;
  Status status = read_number(variable, units, std::numeric_limits<uint32_t>::max(), &value);
  if (status.ok()) *out = static_cast<uint32_t>(value);
  return status;
}

Status read_millis(const char* variable, int64_t* out) {
  uint64_t value = static_cast<uint64_t>(*out / kMillisecond);
  Status status = read_number(variable, "", std::numeric_limits<uint32_t>::max(), &value);
  if (status.ok()) *out = static_cast<int64_t>(value) * kMillisecond;
  return status;
}

struct Word {
  const char* text;
  uint32_t value;
};

Status read_word(const char* variable, const std::vector<Word>& words, uint32_t* out) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return {};
  std::string wanted;
  for (const Word& word : words) {
    if (std::string_view(text) == word.text) {
      *out = word.value;
      return {};
    }
    wanted += (wanted.empty() ? "" : " or ") + std::string(word.text);
  }
  return refuse(variable, text, wanted);
}

template <size_t N>
Status read_text(const char* variable, char (&out)[N]) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return {};
  if (std::string_view(text).size() >= N) return refuse(variable, text, "shorter");
  copy_text(out, text);
  return {};
}

Status read_net(hawser_config* out) {
  if (Status status = read_text("HAWSER_NET", out->net); !status.ok()) return status;
  const std::string_view net = out->net;
  if (net.substr(0, net.find(':')) != "plugin") return {};
  // Said to a process whose lanes run over a plugin, over this one perhaps.
  log_info("HAWSER_NET is " + std::string(net) + ": the lanes within this plugin run over sockets all the same");
  out->net[0] = '\0';
  return {};
}

// The names of "0=alice,1=bob".
bool parse_peers(std::string_view text, std::vector<std::string>* names) {
  const auto strip = [](std::string_view part) {
    const size_t first = std::min(part.find_first_not_of(' '), part.size());
    return part.substr(first, part.find_last_not_of(' ') + 1 - first);
  };
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = strip(pair.substr(equals + 1));
    uint64_t rank = 0;
    if (name.empty() || !parse_number(strip(pair.substr(0, equals)), "", UINT32_MAX, &rank)) return false;
    names->emplace_back(name);
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

Status read_peers(std::vector<std::string>* out) {
  const char* text = std::getenv("HAWSER_TLS_PEERS");
  if (text == nullptr || *text == '\0' || parse_peers(text, out)) return {};
  return refuse("HAWSER_TLS_PEERS", text, "ranks and their names, such as 0=alice,1=bob");
}

bool is_set(const char* variable) {
  const char* text = std::getenv(variable);
  return text != nullptr && *text != '\0';
}

}  // namespace

Status read_identity(std::shared_ptr<Identity>* out) {
  hawser_identity_config config{};
  config.struct_size = sizeof(config);
  std::vector<std::string> peers;
  Status status = read_text("HAWSER_TLS_CERTIFICATE", config.certificate);
  if (status.ok()) status = read_text("HAWSER_TLS_KEY", config.key);
  if (status.ok()) status = read_text("HAWSER_TLS_ROOTS", config.roots);
  if (status.ok()) status = read_text("HAWSER_TLS_PSK_FILE", config.psk_file);
  if (status.ok()) status = read_peers(&peers);
  if (!status.ok()) return status;

  const bool files =
      config.certificate[0] != '\0' || config.key[0] != '\0' || config.roots[0] != '\0' || config.psk_file[0] != '\0';
  const bool key_itself = is_set("HAWSER_TLS_PSK");
  if (files && key_itself) {
    return {HAWSER_INVALID_ARGUMENT,
            "HAWSER_TLS_PSK is set, and variables that name files of an identity are: unset one or the others"};
  }
  if (!files && !key_itself) {
    if (peers.empty()) return {};
    return {HAWSER_INVALID_ARGUMENT, "HAWSER_TLS_PEERS is set without a certificate that it would be about"};
  }
  std::vector<const char*> names;
  for (const std::string& name : peers) names.push_back(name.c_str());
  config.ranks = static_cast<uint32_t>(names.size());
  config.peer_names = names.data();
  return Identity::open(config, out);
}

Status read_settings(hawser_config* out) {
  *out = {};
  out->struct_size = sizeof(*out);
  out->rank = -1;
  const std::vector<Word> toggle = {{"auto", HAWSER_AUTO}, {"on", HAWSER_ON}, {"off", HAWSER_OFF}};
  const std::vector<Word> lane_loss = {{"failover", HAWSER_FAILOVER}, {"fail-fast", HAWSER_FAIL_FAST}};
  uint32_t scheduler = 0;
  const std::vector<Word> flag = {{"0", 0}, {"1", 1}};
  Status status = read_text("HAWSER_LANES", out->lanes);
  if (status.ok()) status = read_net(out);
  if (status.ok()) status = read_number("HAWSER_CHUNK", "KMG", &out->chunk_bytes);
  if (status.ok()) status = read_number("HAWSER_EAGER", "KMG", &out->eager_bytes);
  if (status.ok()) status = read_number("HAWSER_SOCKETS_PER_LANE", "", &out->sockets_per_lane);
  if (status.ok()) status = read_word("HAWSER_ON_LANE_LOSS", lane_loss, &out->lane_loss);
  if (status.ok()) status = read_word("HAWSER_CHECKSUM", toggle, &out->checksum);
  if (status.ok()) status = read_word("HAWSER_ZEROCOPY", toggle, &out->zerocopy);
  if (status.ok()) status = read_word("HAWSER_INSECURE", flag, &out->insecure);
  if (status.ok()) status = read_millis("HAWSER_SILENCE_MS", &out->silence_ns);
  if (status.ok()) status = read_millis("HAWSER_LINK_TIMEOUT_MS", &out->link_timeout_ns);
  // Without a JVM there is one scheduler: whoever asks for another must not believe that they got it.
  if (status.ok()) status = read_word("HAWSER_SCHEDULER", {{"adaptive", 0}}, &scheduler);
  return status;
}

}  // namespace hawser::nccl
