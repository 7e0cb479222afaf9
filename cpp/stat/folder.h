// Where the files of this user's processes lie.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_fd.h"
#include "stat/process.h"

namespace hawser::stats {

// See hawser_stat_folders. Empty: there shall be no files.
std::vector<std::string> folders();

// Opens the folder, which it makes where it is missing. It must be this user's own, not reached by a link, and nobody
// else may write there.
Status open_folder(const std::string& path, UniqueFd* out);

// Makes a file of so many bytes, which the file system has set aside, with a name that tells the process. `name` gets
// it.
Status make_file(int folder, const ProcessName& process, size_t bytes, UniqueFd* out, std::string* name);

// Removes what processes that have died left in the folder, but for the latest. Looks at a bounded number of files.
void clean_folder(int folder, const ProcessName& me);

}  // namespace hawser::stats
