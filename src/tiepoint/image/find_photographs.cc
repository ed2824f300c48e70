// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/image/find_photographs.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

bool IsPhotograph(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* known :
       {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".ppm", ".pgm", ".webp"}) {
    if (ending == known) return true;
  }
  return false;
}

}  // namespace

std::vector<PhotographFile> PhotographsBelow(const std::string& folder) {
  std::vector<PhotographFile> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    if (!IsPhotograph(it->path()) || it->is_directory()) continue;
    found.push_back({it->path().string(),
                     it->path().lexically_relative(folder).generic_string()});
  }
  if (error) {
    throw InputError(folder + ": cannot be searched (" + error.message() + ")");
  }
  if (found.empty()) {
    throw InputError(folder +
                     ": holds no photographs (jpg jpeg png tif tiff ppm pgm "
                     "webp)");
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

std::vector<PhotographFile> PhotographsIn(
    const std::vector<std::string>& paths) {
  std::vector<PhotographFile> photographs;
  std::map<std::string, std::string> path_of_name;
  for (const std::string& path : paths) {
    if (!fs::exists(path)) throw InputError(path + ": no such file or folder");
    const std::vector<PhotographFile> found =
        fs::is_directory(path)
            ? PhotographsBelow(path)
            : std::vector<PhotographFile>{{path, fs::path(path).filename()}};
    for (const PhotographFile& photograph : found) {
      const auto [place, added] =
          path_of_name.emplace(photograph.name, photograph.path);
      if (added) {
        photographs.push_back(photograph);
      } else if (!fs::equivalent(place->second, photograph.path)) {
        throw InputError(place->second + " and " + photograph.path +
                         ": both would be named " + photograph.name +
                         "; give the folder above them instead");
      }
    }
  }
  return photographs;
}

}  // namespace tiepoint
