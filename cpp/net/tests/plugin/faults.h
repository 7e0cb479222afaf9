// The test plugin's faults, as a test sets them.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "net/nccl_abi.h"
#include "net/tests/plugin/test_plugin.h"

namespace hawser {

// The faults of a plugin that is loaded; they are as at first when this goes.
class Faults {
 public:
  explicit Faults(const char* path) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(library, nullptr) << dlerror();
    const auto function = reinterpret_cast<testing::PluginFaultsFn>(dlsym(library, testing::kPluginFaults));
    faults_ = &function();
  }
  ~Faults() {
    faults_->null_comms = faults_->null_requests = 0;
    faults_->connects_left = faults_->isends_left = faults_->irecvs_left = faults_->tests_left = -1;
    faults_->gpu_memories_left = faults_->flushes_left = faults_->flush_tests_left = -1;
    faults_->gpu_memories = faults_->dma_bufs = faults_->flushes = faults_->failed_copies = 0;
    faults_->pointer_kinds = nccl::kPointerHost;
    faults_->refuses_dma_buf = faults_->flush_frozen = faults_->bounces_on_gpu = false;
    faults_->needs_flush = true;
    faults_->error = 2;
    faults_->init_fails = faults_->null_memory = faults_->silent_sizes = faults_->wrong_sizes = false;
    faults_->frozen = faults_->blocks = faults_->garbles = false;
    faults_->handle_bytes = 16;
  }
  testing::PluginFaults* operator->() const { return faults_; }

 private:
  testing::PluginFaults* faults_;
};

}  // namespace hawser
