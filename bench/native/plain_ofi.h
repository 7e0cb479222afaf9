// libfabric by the book, for what Hawser is measured against: one RDM endpoint and its queue, polled without pause.
// Ends the process when a call fails.
#pragma once

#include <rdma/fi_cm.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>

#include <cstring>
#include <string>
#include <vector>

#include "arguments.h"
#include "net/ofi/library.h"

namespace hawser::bench {

class PlainOfi {
 public:
  struct Wishes {
    std::string provider;
    std::string device;  // "": the provider's first
    uint64_t capabilities = 0;
    uint64_t order = 0;
  };

  explicit PlainOfi(const Wishes& wishes) {
    check(OfiLibrary::get(&library_));
    fi_info* hints = library_->dupinfo(nullptr);
    hints->caps = wishes.capabilities;
    hints->mode = FI_CONTEXT | FI_CONTEXT2;
    hints->ep_attr->type = FI_EP_RDM;
    hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY;
    hints->tx_attr->msg_order = wishes.order;
    hints->fabric_attr->prov_name = strdup(wishes.provider.c_str());
    if (!wishes.device.empty()) hints->domain_attr->name = strdup(wishes.device.c_str());
    must("fi_getinfo", library_->getinfo(library_->interface(), nullptr, nullptr, 0, hints, &info_));
    library_->freeinfo(hints);
    must("fi_fabric", library_->fabric(info_->fabric_attr, &fabric_, nullptr));
    must("fi_domain", fi_domain(fabric_, info_, &domain_, nullptr));
    fi_cq_attr queue{};
    queue.format = FI_CQ_FORMAT_MSG;
    queue.wait_obj = FI_WAIT_NONE;
    must("fi_cq_open", fi_cq_open(domain_, &queue, &queue_, nullptr));
    fi_av_attr table{};
    table.type = FI_AV_TABLE;
    must("fi_av_open", fi_av_open(domain_, &table, &peers_, nullptr));
    must("fi_endpoint", fi_endpoint(domain_, info_, &endpoint_, nullptr));
    must("fi_ep_bind", fi_ep_bind(endpoint_, &peers_->fid, 0));
    must("fi_ep_bind", fi_ep_bind(endpoint_, &queue_->fid, FI_TRANSMIT | FI_RECV));
    must("fi_enable", fi_enable(endpoint_));
  }
  ~PlainOfi() {
    fi_close(&endpoint_->fid);
    fi_close(&queue_->fid);
    fi_close(&peers_->fid);
    fi_close(&domain_->fid);
    fi_close(&fabric_->fid);
    library_->freeinfo(info_);
  }
  PlainOfi(const PlainOfi&) = delete;
  PlainOfi& operator=(const PlainOfi&) = delete;

  std::vector<uint8_t> name() const {
    std::vector<uint8_t> name(256);
    size_t length = name.size();
    must("fi_getname", fi_getname(&endpoint_->fid, name.data(), &length));
    name.resize(length);
    return name;
  }
  void address(const void* peer) {
    if (fi_av_insert(peers_, peer, 1, &peer_, 0, nullptr) != 1) die("fi_av_insert");
  }
  fid_mr* register_memory(std::vector<uint8_t>& memory, uint64_t access) const {
    fid_mr* registration = nullptr;
    must("fi_mr_reg",
         fi_mr_reg(domain_, memory.data(), memory.size(), access, 0, next_key_++, 0, &registration, nullptr));
    return registration;
  }
  bool has_virtual_addresses() const { return (info_->domain_attr->mr_mode & FI_MR_VIRT_ADDR) != 0; }

  // Until the provider takes it. `post` calls the endpoint.
  template <typename Post>
  void post(const char* what, Post&& post) {
    for (ssize_t returned; (returned = post(endpoint_, peer_)) != 0; look()) {
      if (returned != -FI_EAGAIN) must(what, returned);
    }
    ++in_flight_;
  }
  // Takes what has completed: `done` gets each one's context and length.
  template <typename Done>
  void look(Done&& done) {
    fi_cq_msg_entry entries[kEntries];
    const ssize_t count = fi_cq_read(queue_, entries, kEntries);
    if (count < 0 && count != -FI_EAGAIN) must("fi_cq_read", count);
    for (ssize_t i = 0; i < count; ++i) {
      --in_flight_;
      done(entries[i].op_context, entries[i].len);
    }
  }
  void look() {
    look([](void*, size_t) {});
  }
  void drain(uint64_t left) {
    while (in_flight_ > left) look();
  }

 private:
  static constexpr size_t kEntries = 16;

  void must(const char* what, int64_t returned) const {
    if (returned != 0) die(std::string(what) + ": " + library_->explain(returned));
  }

  const OfiLibrary* library_ = nullptr;
  fi_info* info_ = nullptr;
  fid_fabric* fabric_ = nullptr;
  fid_domain* domain_ = nullptr;
  fid_cq* queue_ = nullptr;
  fid_av* peers_ = nullptr;
  fid_ep* endpoint_ = nullptr;
  fi_addr_t peer_ = FI_ADDR_UNSPEC;
  mutable uint64_t next_key_ = 1;
  uint64_t in_flight_ = 0;
};

}  // namespace hawser::bench
