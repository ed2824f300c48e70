// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/find_model.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// Whether a program was built here and not installed.
bool IsInBuildFolder(const fs::path& program) {
  std::error_code error;
  const fs::path build = fs::weakly_canonical(TIEPOINT_BUILD_FOLDER, error);
  if (error) return false;
  const auto ends =
      std::mismatch(build.begin(), build.end(), program.begin(), program.end());
  return ends.first == build.end();
}

// Where weights may lie, best first.
std::vector<fs::path> ModelFolders(const std::string& models) {
  const char* environment = std::getenv("TIEPOINT_MODELS");
  std::string given = models;
  if (given.empty() && environment != nullptr) given = environment;
  std::vector<fs::path> folders;
  std::istringstream list(given);
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  if (!folders.empty()) return folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path() / "models");
    folders.push_back(program.parent_path().parent_path() / "share" /
                      "tiepoint" / "models");
  }
  if (IsInBuildFolder(program)) folders.emplace_back(TIEPOINT_SOURCE_MODELS);
  return folders;
}

}  // namespace

std::string FindModel(const std::string& models, const std::string& name) {
  std::string searched;
  for (const fs::path& folder : ModelFolders(models)) {
    const fs::path path = folder / (name + ".safetensors");
    std::error_code error;
    if (fs::exists(path, error)) return path.string();
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }
  throw InputError("weights " + name + ".safetensors not found in " + searched +
                   " (choose the folder with --models or TIEPOINT_MODELS)");
}

}  // namespace tiepoint
