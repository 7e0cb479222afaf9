#include "stat/file.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "stat/folder.h"

namespace hawser::stats {

static_assert(std::endian::native == std::endian::little, "the file is the memory of a little-endian machine");

std::atomic<File*> File::present_{nullptr};

namespace {

// Whoever makes the file, once a process.
std::mutex opening;
bool opened = false;

template <typename Row, size_t kRows>
hawser_stat_table describe(const Image& image, const Row (&rows)[kRows]) {
  const auto offset = reinterpret_cast<const unsigned char*>(rows) - reinterpret_cast<const unsigned char*>(&image);
  return {static_cast<uint64_t>(offset), sizeof(Row), kRows};
}

void fill_header(Image& image, const ProcessName& me) {
  hawser_stat_header& header = image.header;
  header.version = HAWSER_STAT_VERSION;
  header.header_bytes = sizeof(header);
  header.file_bytes = sizeof(image);
  header.pid = me.pid;
  header.rank = -1;
  header.start = me.start;
  header.pid_namespace = me.pid_namespace;
  header.opened_ns = now();
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  header.opened_wall_ns = static_cast<Nanos>(wall.tv_sec) * kSecond + wall.tv_nsec;
  copy_text(header.boot, me.boot);
  copy_text(header.program, program_of_this_process());
  gethostname(header.host, sizeof(header.host) - 1);
  header.links = describe(image, image.links);
  header.lanes = describe(image, image.lanes);
  header.ports = describe(image, image.ports);
  header.proxies = describe(image, image.proxies);
  header.waits = describe(image, image.waits);
  header.errors = describe(image, image.errors);
  header.events = describe(image, image.events);
  store_release(header.magic, HAWSER_STAT_MAGIC);
}

// A process that ends in order leaves no file. The mapping stays: other threads may still write.
struct Remover {
  ~Remover() {
    File* file = File::present();
    if (file != nullptr && file->image().header.pid == getpid()) unlink(file->path().c_str());
  }
};

}  // namespace

File::File(Image& image, std::string path)
    : image_(image),
      path_(std::move(path)),
      links_(all_free(image.links)),
      lanes_(all_free(image.lanes)),
      ports_(all_free(image.ports)),
      proxies_(all_free(image.proxies)),
      waits_(all_free(image.waits)) {}

Status File::make(File** out) {
  const ProcessName me = this_process();
  Status status;
  for (const std::string& path : folders()) {
    UniqueFd folder;
    if (Status opened_folder = open_folder(path, &folder); !opened_folder.ok()) {
      status = std::move(opened_folder);
      continue;
    }
    clean_folder(folder.get(), me);
    UniqueFd fd;
    std::string name;
    status = make_file(folder.get(), me, sizeof(Image), &fd, &name);
    if (!status.ok()) continue;
    void* address = mmap(nullptr, sizeof(Image), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (address == MAP_FAILED) {
      status = Status::from_errno(HAWSER_IO, "cannot map " + name);
      unlinkat(folder.get(), name.c_str(), 0);
      continue;
    }
    auto& image = *static_cast<Image*>(address);
    fill_header(image, me);
    *out = new File(image, path + "/" + name);
    return {};
  }
  return status;
}

File* File::open() {
  if (File* file = present(); file != nullptr) return file;
  const std::scoped_lock lock(opening);
  if (opened) return present();
  opened = true;
  File* file = nullptr;
  if (Status status = make(&file); !status.ok()) {
    std::fprintf(stderr, "hawser: no file for hawser stat: %s\n", status.text().c_str());
  }
  if (file == nullptr) return nullptr;
  static const int handlers = pthread_atfork(before_fork, after_fork, become_child);
  static const Remover remover;
  (void)handlers;
  present_.store(file, std::memory_order_release);
  return file;
}

void File::before_fork() {
  opening.lock();
  if (File* file = present(); file != nullptr) file->mutex_.lock();
}

void File::after_fork() {
  if (File* file = present(); file != nullptr) file->mutex_.unlock();
  opening.unlock();
}

// The file is the parent's. What the child does with the links that it inherits goes into memory of its own; what it
// opens itself makes a file of its own.
void File::become_child() {
  if (File* file = present(); file != nullptr) {
    file->mutex_.unlock();
    present_.store(nullptr, std::memory_order_relaxed);
    if (mmap(&file->image_, sizeof(Image), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
        MAP_FAILED) {
      opened = false;
    }
  }
  opening.unlock();
}

}  // namespace hawser::stats
