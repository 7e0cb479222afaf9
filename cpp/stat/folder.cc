#include "stat/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "hawser_stat.h"

namespace hawser::stats {

namespace {

constexpr const char* kSuffix = ".hawser";
constexpr int kNames = 8;         // copies of the library in one process
constexpr int kLooks = 4096;      // entries of a folder that are looked at
constexpr size_t kKeptDead = 16;  // files of dead processes that stay, the latest ones
constexpr time_t kKeptSeconds = 7 * 86400;

struct Dead {
  std::string name;
  time_t changed = 0;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Whether the file is one of ours, and of a process that runs no more.
bool is_left_over(int folder, const char* name, const ProcessName& me, time_t* changed) {
  const UniqueFd fd(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct ::stat about {};
  if (!fd.valid() || fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != geteuid()) return false;
  *changed = about.st_mtime;
  hawser_stat_header header{};
  if (pread(fd.get(), &header, sizeof(header), 0) != static_cast<ssize_t>(sizeof(header))) return false;
  if (header.magic != HAWSER_STAT_MAGIC || header.version != HAWSER_STAT_VERSION) return false;
  return has_ended({header.pid, header.start, bounded_text(header.boot), header.pid_namespace}, me);
}

}  // namespace

std::vector<std::string> folders() {
  if (const char* chosen = std::getenv("HAWSER_STAT_DIR"); chosen != nullptr) {
    const std::string folder = chosen;
    return folder.empty() || folder == "off" ? std::vector<std::string>() : std::vector{folder};
  }
  std::vector<std::string> found;
  const std::string own = "/hawser-" + std::to_string(geteuid());
  if (const std::string run = variable("XDG_RUNTIME_DIR"); !run.empty()) found.push_back(run + "/hawser");
  // In memory: a store to a file on a disk may wait for the disk now and then.
  found.push_back("/dev/shm" + own);
  const std::string temporary = variable("TMPDIR");
  found.push_back((temporary.empty() ? "/tmp" : temporary) + own);
  return found;
}

Status open_folder(const std::string& path, UniqueFd* out) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Status::from_errno(HAWSER_IO, "cannot make " + path);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct ::stat about {};
  if (!fd.valid() || fstat(fd.get(), &about) != 0) return Status::from_errno(HAWSER_IO, "cannot open " + path);
  if (about.st_uid != geteuid() || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return {HAWSER_REFUSED, path + " belongs to, or may be written by, others: name a folder by HAWSER_STAT_DIR"};
  }
  *out = std::move(fd);
  return {};
}

Status make_file(int folder, const ProcessName& process, size_t bytes, UniqueFd* out, std::string* name) {
  // Beyond this limit the kernel would not only refuse but send a signal, which ends most processes.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) {
    return {HAWSER_IO, "the limit of file sizes is below " + std::to_string(bytes) + " bytes"};
  }
  UniqueFd fd;
  for (int i = 0; i < kNames && !fd.valid(); ++i) {
    *name = std::to_string(process.pid) + "-" + std::to_string(process.start) + "-" + std::to_string(i) + kSuffix;
    fd = UniqueFd(openat(folder, name->c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid() && errno != EEXIST) break;
  }
  if (!fd.valid()) return Status::from_errno(HAWSER_IO, "cannot make " + *name);
  // What the file system has not set aside would be missing when it is written through the mapping: a signal, too.
  if (const int failed = posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes)); failed != 0) {
    unlinkat(folder, name->c_str(), 0);
    return Status::from_errno(HAWSER_IO, "no room for " + *name, failed);
  }
  *out = std::move(fd);
  return {};
}

void clean_folder(int folder, const ProcessName& me) {
  const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(fd), closedir);
  if (entries == nullptr) {
    close(fd);
    return;
  }
  std::vector<Dead> dead;
  for (int look = 0; look < kLooks; ++look) {
    const dirent* entry = readdir(entries.get());
    if (entry == nullptr) break;
    Dead found{entry->d_name, 0};
    if (found.name.ends_with(kSuffix) && is_left_over(folder, entry->d_name, me, &found.changed)) dead.push_back(found);
  }
  std::sort(dead.begin(), dead.end(), [](const Dead& a, const Dead& b) { return a.changed > b.changed; });
  const time_t oldest = std::time(nullptr) - kKeptSeconds;
  for (size_t i = 0; i < dead.size(); ++i) {
    if (i >= kKeptDead || dead[i].changed < oldest) unlinkat(folder, dead[i].name.c_str(), 0);
  }
}

}  // namespace hawser::stats
