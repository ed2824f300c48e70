// SPDX-License-Identifier: Apache-2.0
#include "mapper_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "progress_line.h"
#include "stage_output.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

// Says how many photographs are registered while the mapper runs.
class MapperProgress {
 public:
  MapperProgress(bool quiet, const std::string& log, int total) : line_(quiet) {
    if (!line_.Shown()) return;
    thread_ = std::jthread([this, log, total](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        line_.Count(Registered(log), total, "mapping");
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
    });
  }

 private:
  // Of the model that is being made.
  static int Registered(const std::string& log) {
    std::ifstream file(log);
    int count = 0;
    for (std::string text; std::getline(file, text);) {
      if (text.starts_with("Initializing with image pair")) count = 2;
      if (text.starts_with("Registering image")) ++count;
    }
    return count;
  }

  ProgressLine line_;
  std::jthread thread_;
};

void Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw InputError(to.string() + ": " + error.message());
}

// sparse/0 becomes the largest model, where COLMAP's users look first, sparse/1
// the next one, and so on.
void LargestFirst(const fs::path& work) {
  const std::vector<std::string> models = ModelsLargestFirst(work);
  for (const std::string& model : models) Rename(model, model + ".old");
  for (size_t i = 0; i < models.size(); ++i) {
    Rename(models[i] + ".old", work / "sparse" / std::to_string(i));
  }
}

}  // namespace

std::string RunMapper(const Colmap& colmap, const MapperTask& task) {
  const fs::path folder(task.folder);
  std::vector<fs::path> old = {folder / "sparse"};
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("mapper.") && name.ends_with(".part")) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& path : old) RemoveAll(path);
  const fs::path work = folder / fmt::format("mapper.{}.part", getpid());
  EnsureWritableFolder(work);
  std::string problem;
  {
    const MapperProgress progress(task.quiet, work / "mapper.log", task.count);
    problem = colmap.Map(folder / "database.db", task.photographs, work,
                         {.program = "",
                          .threads = 1,
                          .fixed_intrinsics = false,
                          .colours = true});
  }
  Rename(work / "mapper.log", folder / "mapper.log");
  if (problem.empty()) {
    LargestFirst(work);
    Rename(work / "sparse", folder / "sparse");
  }
  RemoveAll(work);
  return problem;
}
