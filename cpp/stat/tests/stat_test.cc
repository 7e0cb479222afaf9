// What a process tells of itself: the file's life, its rows and its rings.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/text.h"
#include "stat/folder.h"
#include "stat/notes.h"
#include "tests/sanitized.h"

namespace hawser::stats {
namespace {

namespace files = std::filesystem;

class StatTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "hawser-stat-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    setenv("HAWSER_STAT_DIR", folder_.c_str(), 1);
  }
  void TearDown() override { files::remove_all(folder_); }

  // Runs `body` in a process of its own, which ends by what it returns; the raw status of waitpid. Without exit(), as
  // if it had crashed, unless it calls that itself.
  static int in_child(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      _exit(body());
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : files::directory_iterator(folder_)) found.push_back(entry.path().string());
    return found;
  }

  // The only file of the folder, read as others read it.
  std::unique_ptr<Image> read_only_file() const {
    auto image = std::make_unique<Image>();
    const auto all = names();
    EXPECT_EQ(all.size(), 1u);
    if (all.size() != 1) return image;
    const UniqueFd fd(open(all.front().c_str(), O_RDONLY));
    EXPECT_EQ(read(fd.get(), image.get(), sizeof(Image)), static_cast<ssize_t>(sizeof(Image)));
    return image;
  }

  std::string folder_;
};

TEST_F(StatTest, StaysAfterACrashAndTellsWhatHasHappened) {
  ASSERT_EQ(in_child([] {
              File* file = File::open();
              if (file == nullptr) return 1;
              file->set_rank(3);
              tell_error(HAWSER_STAT_LINK_FAILED, {3, 1}, Status(HAWSER_LINK_FAILED, "all lanes are lost", ENETDOWN));
              tell(HAWSER_STAT_LANE_BACK, {3, 1}, {}, 2, "eth2");
              hawser_stat_link link{};
              link.used = 1;
              link.rank = 3;
              copy_text(link.peer_host, "elsewhere");
              const Note note(link);
              store_relaxed(note.row()->unacknowledged, 7);
              _exit(0);
            }),
            0);
  const auto image = read_only_file();
  EXPECT_EQ(image->header.magic, HAWSER_STAT_MAGIC);
  EXPECT_EQ(image->header.version, HAWSER_STAT_VERSION);
  EXPECT_EQ(image->header.file_bytes, sizeof(Image));
  EXPECT_EQ(image->header.rank, 3);
  EXPECT_EQ(bounded_text(image->header.program), "stat_stat_test");
  EXPECT_EQ(image->header.events.offset, offsetof(Image, events));
  const ProcessName writer{image->header.pid, image->header.start, bounded_text(image->header.boot),
                           image->header.pid_namespace};
  EXPECT_TRUE(has_ended(writer, this_process()));
  EXPECT_FALSE(has_ended(this_process(), this_process()));

  hawser_stat_link link{};
  ASSERT_TRUE(read_row(image->links[0], &link));
  EXPECT_EQ(link.used, 1u);
  EXPECT_EQ(link.unacknowledged, 7u);
  EXPECT_EQ(bounded_text(link.peer_host), "elsewhere");
  hawser_stat_error error{};
  ASSERT_TRUE(read_row(image->errors[0], &error));
  EXPECT_EQ(error.sequence, 2u);
  EXPECT_EQ(error.sys_errno, ENETDOWN);
  EXPECT_EQ(bounded_text(error.text), "all lanes are lost");
  ASSERT_EQ(image->header.event_tail, 2u);
  hawser_stat_event event{};
  ASSERT_TRUE(read_row(image->events[1], &event));
  EXPECT_EQ(event.kind, static_cast<uint32_t>(HAWSER_STAT_LANE_BACK));
  EXPECT_EQ(event.lane, 2);
  EXPECT_EQ(bounded_text(event.device), "eth2");
}

TEST_F(StatTest, AProcessThatEndsInOrderLeavesNothing) {
  ASSERT_EQ(in_child([this] {
              if (File::open() == nullptr || names().size() != 1) return 1;
              std::exit(0);
            }),
            0);
  EXPECT_TRUE(names().empty());
}

TEST_F(StatTest, IsThisUsersAloneAndOneAProcess) {
  ASSERT_EQ(in_child([this] {
              File* file = File::open();
              if (file == nullptr || File::open() != file || names().size() != 1) return 1;
              struct ::stat about {};
              if (::stat(file->path().c_str(), &about) != 0 || (about.st_mode & 0777) != 0600) return 2;
              return static_cast<size_t>(about.st_size) == sizeof(Image) ? 0 : 3;
            }),
            0);
}

TEST_F(StatTest, OffAndEmptyMakeNone) {
  for (const char* off : {"off", ""}) {
    ASSERT_EQ(in_child([off] {
                setenv("HAWSER_STAT_DIR", off, 1);
                tell(HAWSER_STAT_LINK_OPENED, {}, "nowhere");
                const Note note(hawser_stat_link{});
                return File::open() == nullptr && note.row() == nullptr ? 0 : 1;
              }),
              0);
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(StatTest, NoRoomAndNoPermissionAreNoErrors) {
  ASSERT_EQ(in_child([] {
              setenv("HAWSER_STAT_DIR", "/proc/nonexistent/folder", 1);
              return File::open() == nullptr && File::open() == nullptr ? 0 : 1;
            }),
            0);
  ASSERT_EQ(in_child([] {
              // Without a look at the limit this would be a signal.
              const rlimit small{4096, 4096};
              setrlimit(RLIMIT_FSIZE, &small);
              return File::open() == nullptr ? 0 : 1;
            }),
            0);
  const auto without_descriptors = [] {
    const rlimit none{3, 3};
    setrlimit(RLIMIT_NOFILE, &none);
    return File::open() == nullptr ? 0 : 1;
  };
  // UBSan needs descriptors itself, to look whether an object is where it is said to be.
  if (!testing::kSanitized) {
    ASSERT_EQ(in_child(without_descriptors), 0);
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(StatTest, AFolderOfOthersIsNotTrusted) {
  UniqueFd fd;
  const std::string link = folder_ + "/link";
  files::create_directory(folder_ + "/real");
  files::create_directory_symlink(folder_ + "/real", link);
  EXPECT_FALSE(open_folder(link, &fd).ok());
  ASSERT_EQ(chmod((folder_ + "/real").c_str(), 0777), 0);
  EXPECT_EQ(open_folder(folder_ + "/real", &fd).code(), HAWSER_REFUSED);
  ASSERT_EQ(chmod((folder_ + "/real").c_str(), 0700), 0);
  EXPECT_TRUE(open_folder(folder_ + "/real", &fd).ok());
}

TEST_F(StatTest, AChildOfForkHasAFileOfItsOwn) {
  ASSERT_EQ(in_child([this] {
              File* parents = File::open();
              if (parents == nullptr) return 1;
              hawser_stat_link link{};
              link.used = 1;
              const Note note(link);
              const int status = in_child([&] {
                store_relaxed(note.row()->unacknowledged, 42);  // as an inherited link would
                tell(HAWSER_STAT_LINK_OPENED, {}, "a child's");
                File* mine = File::open();
                return mine != nullptr && mine->path() != parents->path() && names().size() == 2 ? 0 : 1;
              });
              if (status != 0) return 2;
              return note.row()->unacknowledged == 0 && parents->image().header.event_tail == 0 ? 0 : 3;
            }),
            0);
}

TEST_F(StatTest, ManyFilesOfDeadProcessesAreCleanedAway) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(in_child([] { return File::open() == nullptr ? 1 : 0; }), 0);
  }
  // Each found those before it: the latest 16 of the dead stayed, and the last one's own.
  EXPECT_EQ(names().size(), 17u);
  const std::string foreign = folder_ + "/1-2-0.hawser";
  close(creat(foreign.c_str(), 0600));
  ASSERT_EQ(in_child([] { return File::open() == nullptr ? 1 : 0; }), 0);
  EXPECT_TRUE(files::exists(foreign)) << "what nobody knows is not removed";
}

TEST_F(StatTest, RowsAreUsedAgainAndWhatFindsNoneIsCounted) {
  ASSERT_EQ(in_child([] {
              File* file = File::open();
              if (file == nullptr) return 1;
              hawser_stat_wait wait{};
              wait.used = 1;
              std::vector<Note<hawser_stat_wait>> notes;
              for (size_t i = 0; i < std::size(file->image().waits); ++i) notes.emplace_back(wait);
              if (notes.back().row() == nullptr || Note(wait).row() != nullptr) return 2;
              if (file->image().header.left_out != 1) return 3;
              const hawser_stat_wait* row = notes[5].row();
              notes.erase(notes.begin() + 5);
              return row->used == 0 && Note(wait).row() == row ? 0 : 4;
            }),
            0);
}

// Each entry tells its number in every word, so that a reader who gets a mix of two sees it.
struct Entry {
  uint64_t sequence;
  uint64_t words[15];
};

TEST(StatRingTest, ReadersNeverSeeAMixOfTwoEntries) {
  constexpr size_t kRows = 8;  // few: writers meet in a row, and readers meet writers
  constexpr int kWriters = 3;
  constexpr uint64_t kEntries = 20'000;
  Entry rows[kRows]{};
  uint64_t tail = 0;
  std::atomic<int> running{kWriters};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (uint64_t i = 0; i < kEntries; ++i) {
        Entry entry{};
        for (uint64_t& word : entry.words) word = i * kWriters + static_cast<uint64_t>(w);
        append(rows, tail, entry);
      }
      --running;
    });
  }
  uint64_t seen = 0;
  do {
    for (const Entry& row : rows) {
      Entry copy{};
      if (!read_row(row, &copy) || copy.sequence == 0) continue;
      ++seen;
      for (const uint64_t word : copy.words) ASSERT_EQ(word, copy.words[0]);
    }
  } while (running > 0);
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(tail, kWriters * kEntries);
  EXPECT_GT(seen, 0u);
  for (const Entry& row : rows) {
    Entry copy{};
    EXPECT_TRUE(read_row(row, &copy)) << "nobody is left in the middle of a row";
    EXPECT_EQ((copy.sequence / 2 - 1) % kRows, static_cast<uint64_t>(&row - rows));
  }
}

TEST(StatRingTest, AWriterThatIsStoppedLosesTheNewerEntryNotTheRow) {
  Entry rows[2]{};
  uint64_t tail = 0;
  rows[0].sequence = 1;  // number 0 is being written
  append(rows, tail, Entry{});
  append(rows, tail, Entry{});
  append(rows, tail, Entry{});
  EXPECT_EQ(rows[0].sequence, 1u);
  EXPECT_EQ(rows[1].sequence, 4u);
}

TEST(StatRowTest, ARowIsReadWholeWhileItIsWritten) {
  Entry row{};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint64_t i = 0; !stop; ++i) {
      Entry entry{};
      for (uint64_t& word : entry.words) word = i;
      write_row(row, entry);
    }
  });
  for (int i = 0, whole = 0; i < 200'000 || whole == 0; ++i) {
    Entry copy{};
    if (!read_row(row, &copy)) continue;
    ++whole;
    for (const uint64_t word : copy.words) ASSERT_EQ(word, copy.words[0]);
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace hawser::stats
