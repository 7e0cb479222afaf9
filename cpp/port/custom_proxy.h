// A proxy whose triggers go to functions of whoever opened it.
#pragma once

#include "port/proxy.h"

namespace hawser::port {

class CustomProxyService : public BaseProxyService {
 public:
  CustomProxyService(Context& context, const hawser_proxy_handler& handler)
      : BaseProxyService(context), handler_(handler) {}
  ~CustomProxyService() override { (void)stop(now() + kSecond); }

 protected:
  bool handle(const hawser_trigger& trigger, uint64_t) override {
    return handler_.handle(handler_.self, &trigger) != 0;
  }
  bool progress() override { return handler_.progress != nullptr && handler_.progress(handler_.self) != 0; }
  void drop(const hawser_trigger& trigger) override {
    if (handler_.drop != nullptr) handler_.drop(handler_.self, &trigger);
  }

 private:
  const hawser_proxy_handler handler_;
};

}  // namespace hawser::port
