// SPDX-License-Identifier: Apache-2.0
#include "database_stage.h"

#include <fmt/format.h>

#include <filesystem>

#include "reconstruction_stages.h"
#include "stage_output.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace fs = std::filesystem;
using namespace tiepoint;

std::string KeyOfDatabase(
    const std::map<std::string, std::string>& match_attributes,
    const std::vector<std::string>& names, const AssignedCameras& cameras,
    const std::vector<PhotographPair>& pairs) {
  std::string text = "database 1\n";
  for (const auto& [name, value] : match_attributes) {
    text += name + " " + value + "\n";
  }
  for (size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{} {}\n", names[i], cameras.of[i]);
  }
  for (const auto& [camera, known] : cameras.cameras) {
    text += fmt::format("{} {} {} {}", camera.model, camera.width,
                        camera.height, known);
    for (const double value : camera.params) text += fmt::format(" {}", value);
    text += "\n";
  }
  for (const auto& [i, j] : pairs) text += fmt::format("{} {}\n", i, j);
  return StageKey(text);
}

void RemoveDatabase(const std::string& folder) {
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("database.db")) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& path : old) RemoveAll(path);
}

void AddPhotographs(ColmapDatabaseWriter& writer,
                    const std::vector<std::string>& names,
                    const AssignedCameras& cameras, FeatureCache& features) {
  for (const auto& [camera, known] : cameras.cameras) {
    writer.AddCamera(camera, known);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    CheckInterrupt();
    FeatureSet keypoints;
    keypoints.keypoints = features.Of(static_cast<int>(i))->keypoints;
    writer.AddImage(names[i], cameras.of[i] + 1, keypoints);
  }
}
