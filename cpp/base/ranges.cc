#include "base/ranges.h"

#ifdef HAWSER_NVTX
#include <nvtx3/nvToolsExt.h>
#endif

namespace hawser::ranges {

#ifdef HAWSER_NVTX

std::atomic<int8_t> tool{-1};

namespace {

// Null without a tool.
nvtxDomainHandle_t domain() {
  static const nvtxDomainHandle_t made = [] {
    const nvtxDomainHandle_t found = nvtxDomainCreateA("hawser");
    tool.store(found == nullptr ? 0 : 1, std::memory_order_relaxed);
    return found;
  }();
  return made;
}

nvtxEventAttributes_t attributes(const char* name, uint64_t bytes) {
  nvtxEventAttributes_t made{};
  made.version = NVTX_VERSION;
  made.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  made.messageType = NVTX_MESSAGE_TYPE_ASCII;
  made.message.ascii = name;
  made.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
  made.payload.ullValue = bytes;
  return made;
}

}  // namespace

bool push(const char* name, uint64_t bytes) {
  const nvtxDomainHandle_t to = domain();
  if (to == nullptr) return false;
  const nvtxEventAttributes_t event = attributes(name, bytes);
  nvtxDomainRangePushEx(to, &event);
  return true;
}

void pop() { nvtxDomainRangePop(domain()); }

uint64_t start(const char* name, uint64_t bytes) {
  const nvtxDomainHandle_t to = domain();
  if (to == nullptr) return 0;
  const nvtxEventAttributes_t event = attributes(name, bytes);
  return nvtxDomainRangeStartEx(to, &event);
}

void end(uint64_t span) { nvtxDomainRangeEnd(domain(), span); }

#else  // built without NVTX's headers

std::atomic<int8_t> tool{0};

bool push(const char*, uint64_t) { return false; }
void pop() {}
uint64_t start(const char*, uint64_t) { return 0; }
void end(uint64_t) {}

#endif

}  // namespace hawser::ranges
