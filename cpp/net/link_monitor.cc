#include "net/link_monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "net/devices.h"

namespace hawser {
namespace {

constexpr size_t kReportBytes = 32 * 1024;

}  // namespace

LinkMonitor::LinkMonitor(Changed changed) : changed_(std::move(changed)) {}

Status LinkMonitor::arm(Poller& poller) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  const bool permitted = fd.valid() && bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!permitted) return {};
  if (Status watched = poller.add(fd.get(), EPOLLIN | EPOLLET, this); !watched.ok()) return watched;
  fd_ = std::move(fd);
  return {};
}

void LinkMonitor::on_ready(uint32_t) { ready_ = true; }

void LinkMonitor::poll() {
  if (!ready_) return;
  ready_ = false;
  while (read_reports()) {
  }
}

bool LinkMonitor::read_reports() {
  alignas(nlmsghdr) std::array<char, kReportBytes> buffer;
  const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) {
    if (errno == ENOBUFS) ask_for_all();
    return errno == ENOBUFS || errno == EINTR;
  }
  int left = static_cast<int>(got);
  for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, static_cast<unsigned>(left));
       header = NLMSG_NEXT(header, left)) {
    take_report(header);
  }
  return true;
}

void LinkMonitor::take_report(const void* report) {
  auto* header = static_cast<nlmsghdr*>(const_cast<void*>(report));
  if (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK) return;
  auto* link = static_cast<ifinfomsg*>(NLMSG_DATA(header));
  std::string name;
  auto attributes = static_cast<int>(IFLA_PAYLOAD(header));
  for (rtattr* attribute = IFLA_RTA(link); RTA_OK(attribute, attributes); attribute = RTA_NEXT(attribute, attributes)) {
    if (attribute->rta_type == IFLA_IFNAME) name = static_cast<const char*>(RTA_DATA(attribute));
  }
  const bool up = header->nlmsg_type == RTM_NEWLINK && flags_tell_up(link->ifi_flags);
  const auto [known, first] = up_.try_emplace(link->ifi_index, up);
  if (!first && known->second == up) return;
  known->second = up;
  changed_(link->ifi_index, name, up);
}

void LinkMonitor::ask_for_all() {
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  send(fd_.get(), &request, sizeof request, MSG_DONTWAIT);
}

}  // namespace hawser
