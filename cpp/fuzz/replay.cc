// Runs a target over files, and over each of them cut short at every power of two: what was found once stays mended.
//   replay --list
//   replay TARGET FILE|FOLDER...
//   replay --seed FOLDER          writes every target's seeds to FOLDER/TARGET/NAME
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/target.h"

namespace hawser::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

int replay(const Target& target, const std::vector<std::string>& paths) {
  size_t inputs = 0;
  for (const std::string& path : paths) {
    for (const fs::path& file : files_of(path)) {
      std::ifstream stream(file, std::ios::binary);
      const std::vector<char> text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // the last one is the culprit
      const std::vector<uint8_t> bytes(text.begin(), text.end());
      target.run(bytes.data(), bytes.size());
      for (size_t length = 0; length < bytes.size(); length = std::max<size_t>(1, 2 * length)) {
        const std::vector<uint8_t> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
        target.run(part.data(), part.size());
      }
      ++inputs;
    }
  }
  std::printf("%s: %zu inputs\n", target.name, inputs);
  return inputs == 0 ? 1 : 0;
}

int write_seeds(const fs::path& folder) {
  for (const Target& target : targets()) {
    fs::create_directories(folder / target.name);
    for (const Seed& seed : target.seeds()) {
      std::ofstream file(folder / target.name / seed.name, std::ios::binary);
      file.write(reinterpret_cast<const char*>(seed.bytes.data()), static_cast<std::streamsize>(seed.bytes.size()));
      if (!file.flush()) return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace hawser::fuzz

int main(int argc, char** argv) {
  using namespace hawser::fuzz;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments == std::vector<std::string>{"--list"}) {
    for (const Target& target : targets()) std::printf("%s\n", target.name);
    return 0;
  }
  if (arguments.size() < 2) {
    std::fprintf(stderr, "usage: replay --list | replay TARGET FILE|FOLDER... | replay --seed FOLDER\n");
    return 2;
  }
  if (arguments[0] == "--seed") return write_seeds(arguments[1]);
  return replay(find_target(arguments[0]), {arguments.begin() + 1, arguments.end()});
}
