// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

namespace tiepoint {

// Where a photograph that a file names lies below `folder`; empty for names
// that lead out of it.
inline std::string PhotographPath(const std::string& folder,
                                  const std::string& name) {
  const std::filesystem::path path(name);
  const bool out = path.is_absolute() ||
                   std::find(path.begin(), path.end(), "..") != path.end();
  return out || folder.empty()
             ? ""
             : (std::filesystem::path(folder) / path).string();
}

}  // namespace tiepoint
