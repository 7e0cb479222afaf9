// Tells at once when a device loses or regains its carrier (rtnetlink).
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "base/unique_fd.h"
#include "net/poller.h"

namespace hawser {

class LinkMonitor : public PollTarget {
 public:
  // `changed(ifindex, name, up)` is called from poll() by the driving thread, at a device's first report and whenever
  // it then changes.
  using Changed = std::function<void(int, const std::string&, bool)>;

  explicit LinkMonitor(Changed changed);

  // Adds the netlink socket to `poller`. Where netlink is not permitted the monitor stays silent and lanes are watched
  // by their sockets alone.
  Status arm(Poller& poller);
  void on_ready(uint32_t events) override;

  // Reads what the kernel reported since the last call; cheap when nothing did.
  void poll();

 private:
  // False when there is nothing more to read now.
  bool read_reports();
  void take_report(const void* header);
  // The kernel dropped reports: asks for the state of all devices anew.
  void ask_for_all();

  Changed changed_;
  UniqueFd fd_;
  bool ready_ = false;
  std::unordered_map<int, bool> up_;
};

}  // namespace hawser
