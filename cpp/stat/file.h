// This process's file: made once, written by many, never unmapped while the library is there.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "hawser_stat.h"
#include "stat/row.h"

namespace hawser::stats {

// The whole of a file.
struct Image {
  hawser_stat_header header;
  hawser_stat_link links[128];
  hawser_stat_lane lanes[512];
  hawser_stat_port ports[256];
  hawser_stat_proxy proxies[64];
  hawser_stat_wait waits[128];
  hawser_stat_error errors[16];
  hawser_stat_event events[1024];
};

class File {
 public:
  // [any] This process's, null while it has none.
  static File* present() { return present_.load(std::memory_order_acquire); }
  // [any] As present(), but makes it at the first call of a process. Where that is not to be had a line on stderr says
  // why, once, and all goes on without.
  static File* open();

  Image& image() { return image_; }
  const std::string& path() const { return path_; }
  void set_rank(int32_t rank) { std::atomic_ref<int32_t>(image_.header.rank).store(rank, std::memory_order_relaxed); }

  // [any] A free row, filled with `content`; null when there is none.
  template <typename Row>
  Row* claim(const Row& content) {
    Table<Row> table = table_of(static_cast<Row*>(nullptr));
    const std::scoped_lock lock(mutex_);
    for (size_t i = 0; i < table.taken.size(); ++i) {
      if (table.taken[i]) continue;
      table.taken[i] = true;
      write_row(table.rows[i], content);
      return &table.rows[i];
    }
    store_relaxed(image_.header.left_out, image_.header.left_out + 1);
    return nullptr;
  }
  // [any] Nobody writes the row any more.
  template <typename Row>
  void release(Row* row) {
    Table<Row> table = table_of(row);
    const std::scoped_lock lock(mutex_);
    write_row(*row, Row{});
    table.taken[static_cast<size_t>(row - table.rows)] = false;
  }

 private:
  template <typename Row>
  struct Table {
    Row* rows;
    std::vector<bool>& taken;
  };
  template <typename Row, size_t kRows>
  static std::vector<bool> all_free(const Row (&)[kRows]) {
    return std::vector<bool>(kRows);
  }

  File(Image& image, std::string path);
  static Status make(File** out);
  // Nobody is amid a change of what is kept here while the process forks.
  static void before_fork();
  static void after_fork();
  static void become_child();

  Table<hawser_stat_link> table_of(hawser_stat_link*) { return {image_.links, links_}; }
  Table<hawser_stat_lane> table_of(hawser_stat_lane*) { return {image_.lanes, lanes_}; }
  Table<hawser_stat_port> table_of(hawser_stat_port*) { return {image_.ports, ports_}; }
  Table<hawser_stat_proxy> table_of(hawser_stat_proxy*) { return {image_.proxies, proxies_}; }
  Table<hawser_stat_wait> table_of(hawser_stat_wait*) { return {image_.waits, waits_}; }

  static std::atomic<File*> present_;

  Image& image_;
  std::string path_;
  std::mutex mutex_;  // which rows are taken, kept here: what others write into the file changes nothing
  std::vector<bool> links_;
  std::vector<bool> lanes_;
  std::vector<bool> ports_;
  std::vector<bool> proxies_;
  std::vector<bool> waits_;
};

}  // namespace hawser::stats
