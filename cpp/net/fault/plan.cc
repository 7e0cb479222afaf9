#include "net/fault/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <random>
#include <sstream>

namespace hawser {

namespace {

// A kind's name, and what amounts a drawn fault has: small enough that a link with the usual limits outlives them.
struct KindFacts {
  FaultKind kind;
  const char* name;
  uint32_t least;
  uint32_t most;
};
constexpr std::array<KindFacts, 12> kKinds{{
    {FaultKind::kReset, "reset", 1, 1},
    {FaultKind::kCut, "cut", 1, 1},
    {FaultKind::kSilence, "silence", 20, 400},
    {FaultKind::kPause, "pause", 5, 100},
    {FaultKind::kSlow, "slow", 20, 200},
    {FaultKind::kLate, "late", 1, 8},
    {FaultKind::kCorrupt, "corrupt", 1, 2},
    {FaultKind::kSend, "send", 1, 1},
    {FaultKind::kReceive, "receive", 1, 1},
    {FaultKind::kRefuse, "refuse", 1, 3},
    {FaultKind::kMemory, "memory", 1, 1},
    {FaultKind::kVanish, "vanish", 1, 2},
}};

constexpr uint64_t kFirst = 64;  // a drawn plan lets the first link connect: its lanes say two hellos each
constexpr uint32_t kLanes = 16;  // a drawn fault names one of so many; a network with fewer counts round and round

const KindFacts* find_kind(const std::string& name) {
  const auto* found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const KindFacts& kind) { return name == kind.name; });
  return found == kKinds.end() ? nullptr : found;
}

Status unusable(const std::string& what) {
  return {HAWSER_INVALID_ARGUMENT, "the network 'fault' cannot be used: " + what};
}

std::string kind_names() {
  std::string names;
  for (const KindFacts& kind : kKinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

bool parse_number(const std::string& text, uint64_t* out) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && stop == end;
}

struct Draw {
  uint64_t seed = 1;
  uint64_t faults = 1000;
  uint64_t every = 500;
  std::vector<FaultKind> kinds;
};

std::vector<Fault> drawn(const Draw& draw) {
  // The engine's numbers are the standard's, alike everywhere; its distributions are not.
  std::mt19937_64 random(draw.seed);
  std::vector<Fault> plan;
  uint64_t at = kFirst;
  for (uint64_t i = 0; i < draw.faults; ++i) {
    at += 1 + random() % (2 * draw.every);
    const FaultKind kind = draw.kinds[random() % draw.kinds.size()];
    const auto* facts = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.kind == kind; });
    const uint32_t amount = facts->least + static_cast<uint32_t>(random() % (facts->most - facts->least + 1));
    plan.push_back({at, static_cast<uint32_t>(random() % kLanes), kind, amount});
  }
  return plan;
}

Status read_plan(const std::string& path, std::vector<Fault>* out) {
  std::ifstream file(path);
  if (!file) return unusable("its plan cannot be read: " + path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Fault fault;
    if (Status status = parse_fault(line, &fault); !status.ok()) return status;
    out->push_back(fault);
  }
  std::stable_sort(out->begin(), out->end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return {};
}

Status parse_kinds(const std::string& text, std::vector<FaultKind>* out) {
  std::istringstream words(text);
  out->clear();
  for (std::string word; std::getline(words, word, '+');) {
    const KindFacts* kind = find_kind(word);
    if (kind == nullptr) return unusable("there are no faults '" + word + "', only " + kind_names());
    out->push_back(kind->kind);
  }
  return out->empty() ? unusable("it has no kinds of faults: " + kind_names()) : Status();
}

}  // namespace

std::string to_text(const Fault& fault) {
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.kind == fault.kind; });
  return std::to_string(fault.at) + " " + std::to_string(fault.lane) + " " + kind->name + " " +
         std::to_string(fault.amount);
}

Status parse_fault(const std::string& line, Fault* out) {
  std::istringstream words(line);
  words.imbue(std::locale::classic());
  std::string kind;
  if (!(words >> out->at >> out->lane >> kind >> out->amount)) {
    return unusable("'" + line + "' is no fault; write: AT LANE KIND AMOUNT");
  }
  const KindFacts* facts = find_kind(kind);
  if (facts == nullptr) return unusable("there are no faults '" + kind + "', only " + kind_names());
  out->kind = facts->kind;
  return {};
}

Status parse_fault_spec(const std::string& text, FaultSpec* out) {
  *out = {};
  Draw draw;
  for (const KindFacts& kind : kKinds) {
    if (kind.kind != FaultKind::kMemory) draw.kinds.push_back(kind.kind);
  }
  std::string plan;
  for (size_t at = 0; at < text.size();) {
    const size_t equals = text.find('=', at);
    if (equals == std::string::npos) return unusable("'" + text.substr(at) + "' is no KEY=VALUE");
    const std::string key = text.substr(at, equals - at);
    const size_t end = key == "net" ? text.size() : std::min(text.find(',', equals), text.size());
    const std::string value = text.substr(equals + 1, end - equals - 1);
    at = end + 1;
    uint64_t* const number =
        key == "seed" ? &draw.seed : (key == "faults" ? &draw.faults : (key == "every" ? &draw.every : nullptr));
    if (number != nullptr) {
      if (!parse_number(value, number)) return unusable("'" + value + "' is no number for " + key);
    } else if (key == "kinds") {
      if (Status status = parse_kinds(value, &draw.kinds); !status.ok()) return status;
    } else if (key == "plan" || key == "log" || key == "net") {
      (key == "plan" ? plan : (key == "log" ? out->log : out->net)) = value;
    } else {
      return unusable("it takes seed, faults, every, kinds, plan, log and net, not '" + key + "'");
    }
  }
  constexpr uint64_t kMost = 1'000'000;
  if (draw.faults > kMost || draw.every == 0 || draw.every > kMost) {
    return unusable("faults is at most a million, and every 1 to a million");
  }
  if (!plan.empty()) return read_plan(plan, &out->plan);
  out->plan = drawn(draw);
  return {};
}

}  // namespace hawser
