#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "net/devices.h"

namespace hawser {
namespace {

constexpr std::string_view kUsualDevices = "=eth1,eth2,eth3,eth4";
constexpr int kLoopbackLanes = 4;

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// A list in NCCL's syntax.
struct Rule {
  bool exclude = false;
  bool exact = false;
  std::vector<std::string> names;

  bool fits(const std::string& device, const std::string& entry) const {
    return exact ? device == entry : device.starts_with(entry);
  }
};

Rule parse_rule(std::string_view text) {
  Rule rule;
  text = trim(text);
  if (text.starts_with('^')) {
    rule.exclude = true;
    text.remove_prefix(1);
  }
  if (text.starts_with('=')) {
    rule.exact = true;
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (const std::string_view name = trim(text.substr(0, comma)); !name.empty()) rule.names.emplace_back(name);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return rule;
}

std::optional<int> parse_count(std::string_view text) {
  text = trim(text);
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return count;
}

bool is_loopback(const DeviceProperties& device) {
  return device.address.starts_with("127.") || device.address == "::1" || device.name == "lo";
}

// Whose devices: the kernel's, of which a lane needs an address, or those of a network that has its own.
enum class Devices { kKernel, kNetwork };

class Chooser {
 public:
  // `asked` says in messages what was asked for.
  Chooser(std::vector<DeviceProperties> devices, Devices whose, std::string asked, LaneChoice* out)
      : out_(*out), whose_(whose), asked_(std::move(asked)) {
    out_.devices = std::move(devices);
    out_.reasons.assign(out_.devices.size(), "not chosen: " + asked_ + " does not name it");
    out_.lanes.clear();
  }

  void choose(const Rule& rule, const std::string& why) {
    if (rule.exclude) {
      choose_all_but(rule, why);
    } else {
      choose_named(rule, why);
    }
  }

  // Every device that is up, but loopback.
  void choose_all_but(const Rule& rule, const std::string& why) {
    for (size_t i = 0; i < out_.devices.size(); ++i) {
      const DeviceProperties& device = out_.devices[i];
      const bool excluded = std::any_of(rule.names.begin(), rule.names.end(),
                                        [&](const std::string& entry) { return rule.fits(device.name, entry); });
      if (excluded) {
        out_.reasons[i] = "not chosen: excluded by " + why;
      } else if (whose_ == Devices::kKernel && is_loopback(device)) {
        out_.reasons[i] = "not chosen: loopback is used when it is named, or when nothing else is there";
      } else {
        take(i, why);
      }
    }
  }

  void choose_loopback(int lanes) {
    for (size_t i = 0; i < out_.devices.size(); ++i) {
      for (int lane = 0; lane < lanes && is_loopback(out_.devices[i]); ++lane) take(i, "no other device is there");
    }
  }

  // The rule for those who said nothing.
  void choose_by_default(const std::string& variable) {
    if (!trim(variable).empty()) {
      choose(parse_rule(variable), "NCCL_GPUDIRECTTCPX_SOCKET_IFNAME=" + variable);
      return;
    }
    choose(parse_rule(kUsualDevices), "the default eth1,eth2,eth3,eth4");
    if (out_.lanes.empty()) choose_all_but(Rule{}, "every device that is up");
    if (out_.lanes.empty()) choose_loopback(kLoopbackLanes);
  }

  // The first of those that were chosen.
  void keep(size_t count) {
    for (size_t i = count; i < out_.lanes.size(); ++i) {
      out_.reasons[static_cast<size_t>(out_.lanes[i])] =
          "not chosen: there are " + std::to_string(count) + " lanes before it";
    }
    out_.lanes.resize(std::min(out_.lanes.size(), count));
  }

  // `count` lanes over the devices that were chosen, round and round.
  void repeat(int count) {
    std::vector<int> once;
    for (const int device : out_.lanes) {
      if (std::find(once.begin(), once.end(), device) == once.end()) once.push_back(device);
    }
    if (once.empty()) return;
    out_.lanes.clear();
    for (size_t lane = 0; lane < static_cast<size_t>(count); ++lane) out_.lanes.push_back(once[lane % once.size()]);
    for (size_t i = static_cast<size_t>(count); i < once.size(); ++i) {
      out_.reasons[static_cast<size_t>(once[i])] = "not chosen: " + std::to_string(count) + " lanes were asked for";
    }
  }

  Status result() const {
    if (out_.lanes.size() > HAWSER_MAX_LANES) {
      return {HAWSER_INVALID_ARGUMENT, asked_ + " makes " + std::to_string(out_.lanes.size()) + " lanes; at most " +
                                           std::to_string(HAWSER_MAX_LANES) + " are possible"};
    }
    if (out_.lanes.empty()) {
      return {HAWSER_INVALID_ARGUMENT, asked_ + " chooses no usable device; there are: " + inventory()};
    }
    return {};
  }

 private:
  // Why a lane cannot use the device; "" when it can.
  std::string obstacle(const DeviceProperties& device) const {
    if (!device.up) return "it is down or has no carrier";
    if (whose_ == Devices::kKernel && device.address.empty()) return "it has no IPv4 and no global IPv6 address";
    return {};
  }

  // One entry after another, so that the list's order is the lanes' order. An entry that is repeated repeats its lanes;
  // a device that another entry took already (eth1 takes eth10 too) is not taken again.
  void choose_named(const Rule& rule, const std::string& why) {
    std::vector<const std::string*> taken_by(out_.devices.size(), nullptr);
    for (const std::string& entry : rule.names) {
      for (size_t i = 0; i < out_.devices.size(); ++i) {
        if (!rule.fits(out_.devices[i].name, entry)) continue;
        if (taken_by[i] != nullptr && *taken_by[i] != entry) continue;
        taken_by[i] = &entry;
        take(i, why);
      }
    }
  }

  void take(size_t device, const std::string& why) {
    if (const std::string problem = obstacle(out_.devices[device]); !problem.empty()) {
      out_.reasons[device] = "not chosen: " + problem;
      return;
    }
    out_.lanes.push_back(static_cast<int>(device));
    out_.reasons[device] = "chosen by " + why;
  }

  std::string inventory() const {
    std::string text;
    for (const DeviceProperties& device : out_.devices) {
      const std::string problem = obstacle(device);
      text += (text.empty() ? "" : ", ") + device.name + (problem.empty() ? "" : " (" + problem + ")");
    }
    return text.empty() ? "none" : text;
  }

  LaneChoice& out_;
  Devices whose_;
  std::string asked_;
};

// What a number of lanes must be.
Status check_count(int count, const std::string& asked) {
  if (count >= 1 && count <= HAWSER_MAX_LANES) return {};
  return {HAWSER_INVALID_ARGUMENT,
          asked + " asks for a number of lanes that is not 1 to " + std::to_string(HAWSER_MAX_LANES)};
}

}  // namespace

Status choose_lanes(std::vector<DeviceProperties> devices, const std::string& spec, const std::string& ifname_variable,
                    LaneChoice* out) {
  if (trim(spec).empty()) {
    Chooser chooser(
        std::move(devices), Devices::kKernel,
        trim(ifname_variable).empty() ? "the default rule" : "NCCL_GPUDIRECTTCPX_SOCKET_IFNAME=" + ifname_variable,
        out);
    chooser.choose_by_default(ifname_variable);
    return chooser.result();
  }
  const std::string asked = "the lane list '" + spec + "'";
  Chooser chooser(std::move(devices), Devices::kKernel, asked, out);
  if (const std::optional<int> count = parse_count(spec)) {
    if (Status status = check_count(*count, asked); !status.ok()) return status;
    chooser.choose_by_default(ifname_variable);
    chooser.repeat(*count);
  } else {
    chooser.choose(parse_rule(spec), asked);
  }
  return chooser.result();
}

Status choose_lanes_of_network(std::vector<DeviceProperties> devices, const std::string& spec,
                               std::vector<int>* lanes) {
  LaneChoice choice;
  const std::string asked = trim(spec).empty() ? "every device of the network" : "the lane list '" + spec + "'";
  Chooser chooser(std::move(devices), Devices::kNetwork, asked, &choice);
  const std::optional<int> count = parse_count(spec);
  if (trim(spec).empty() || count.has_value()) {
    chooser.choose_all_but(Rule{}, asked);
  } else {
    chooser.choose(parse_rule(spec), asked);
  }
  if (count.has_value()) {
    if (Status status = check_count(*count, asked); !status.ok()) return status;
    chooser.repeat(*count);
  } else if (trim(spec).empty()) {
    chooser.keep(HAWSER_MAX_LANES);
  }
  Status status = chooser.result();
  *lanes = std::move(choice.lanes);
  return status;
}

Status choose_lanes_here(const std::string& spec, LaneChoice* out) {
  const char* variable = std::getenv("NCCL_GPUDIRECTTCPX_SOCKET_IFNAME");
  return choose_lanes(list_devices(), spec, variable == nullptr ? "" : variable, out);
}

}  // namespace hawser
