// A tool for NVTX, for tests alone: what NVTX_INJECTION64_PATH names. Remembers what was begun and ended, as lines
// "domain: + name bytes" and "domain: - name".
#include <nvtx3/nvToolsExt.h>

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Domain {
  std::string name;
};

struct Recorder {
  std::mutex mutex;
  std::string lines;
  std::map<nvtxRangeId_t, std::string> spans;
  nvtxRangeId_t last = 0;
};

Recorder& recorder() {
  static auto* const one = new Recorder;
  return *one;
}

thread_local std::vector<std::string> stack;

void write(nvtxDomainHandle_t domain, const char* what, const std::string& name) {
  recorder().lines += reinterpret_cast<Domain*>(domain)->name + ": " + what + " " + name + "\n";
}

std::string described(const nvtxEventAttributes_t* event) {
  return std::string(event->message.ascii) + " " + std::to_string(event->payload.ullValue);
}

nvtxDomainHandle_t create(const char* name) { return reinterpret_cast<nvtxDomainHandle_t>(new Domain{name}); }

int push(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* event) {
  const std::scoped_lock lock(recorder().mutex);
  write(domain, "+", described(event));
  stack.emplace_back(event->message.ascii);
  return static_cast<int>(stack.size()) - 1;
}

int pop(nvtxDomainHandle_t domain) {
  const std::scoped_lock lock(recorder().mutex);
  write(domain, "-", stack.back());
  stack.pop_back();
  return static_cast<int>(stack.size());
}

nvtxRangeId_t start(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* event) {
  const std::scoped_lock lock(recorder().mutex);
  write(domain, "+", described(event));
  recorder().spans[++recorder().last] = event->message.ascii;
  return recorder().last;
}

void end(nvtxDomainHandle_t domain, nvtxRangeId_t id) {
  const std::scoped_lock lock(recorder().mutex);
  const auto found = recorder().spans.find(id);
  write(domain, "-", found == recorder().spans.end() ? "nothing" : found->second);
  if (found != recorder().spans.end()) recorder().spans.erase(found);
}

template <typename Function>
void put(NvtxFunctionTable table, unsigned int size, NvtxCallbackIdCore2 id, Function function) {
  if (static_cast<unsigned int>(id) < size) *table[id] = reinterpret_cast<NvtxFunctionPointer>(function);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t tables) {
  const auto* callbacks = static_cast<const NvtxExportTableCallbacks*>(tables(NVTX_ETID_CALLBACKS));
  NvtxFunctionTable table = nullptr;
  unsigned int size = 0;
  if (callbacks == nullptr || callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE2, &table, &size) == 0) return 0;
  put(table, size, NVTX_CBID_CORE2_DomainCreateA, create);
  put(table, size, NVTX_CBID_CORE2_DomainRangePushEx, push);
  put(table, size, NVTX_CBID_CORE2_DomainRangePop, pop);
  put(table, size, NVTX_CBID_CORE2_DomainRangeStartEx, start);
  put(table, size, NVTX_CBID_CORE2_DomainRangeEnd, end);
  return 1;
}

// Takes what was recorded since the last call.
__attribute__((visibility("default"))) void nvtx_recorded(char* out, size_t capacity) {
  const std::scoped_lock lock(recorder().mutex);
  std::strncpy(out, recorder().lines.c_str(), capacity - 1);
  out[capacity - 1] = '\0';
  recorder().lines.clear();
}

}  // extern "C"
