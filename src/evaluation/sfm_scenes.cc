// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sfm_scenes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>

#include "evaluation/camera_set.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kPhotographs = {
    ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".ppm", ".pgm", ".webp"};

// ---------------------------------------------------------------- checksums

class Checksummer {
 public:
  void Add(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 1099511628211u;
    }
  }
  void AddFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw InputError(path + ": cannot be read");
    std::vector<char> block(1 << 16);
    while (file) {
      file.read(block.data(), static_cast<std::streamsize>(block.size()));
      Add({block.data(), static_cast<size_t>(file.gcount())});
    }
  }
  std::string Text() const {
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx",
                  static_cast<unsigned long long>(state_));
    return text;
  }

 private:
  uint64_t state_ = 14695981039346656037u;
};

std::string ChecksumOf(const SfmScene& scene,
                       const std::vector<fs::path>& truth) {
  Checksummer sum;
  for (const SfmPhotograph& photograph : scene.photographs) {
    CheckInterrupt();
    sum.Add(photograph.name);
    sum.AddFile(photograph.path);
  }
  for (const fs::path& path : truth) sum.AddFile(path.string());
  return sum.Text();
}

// -------------------------------------------------------------- photographs

bool IsPhotograph(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return fs::is_regular_file(path) &&
         std::find(kPhotographs.begin(), kPhotographs.end(), extension) !=
             kPhotographs.end();
}

std::vector<SfmPhotograph> PhotographsBelow(const fs::path& folder) {
  std::vector<SfmPhotograph> photographs;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!IsPhotograph(entry.path())) continue;
    photographs.push_back({fs::relative(entry.path(), folder).string(),
                           entry.path().string(), std::nullopt, std::nullopt});
  }
  return photographs;
}

void CheckPhotographs(SfmScene& scene) {
  if (scene.photographs.size() < 2) {
    throw InputError(scene.folder + ": fewer than two photographs");
  }
  std::sort(scene.photographs.begin(), scene.photographs.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const SfmPhotograph& photograph : scene.photographs) {
    if (!fs::is_regular_file(photograph.path)) {
      throw InputError(photograph.path + ": no such photograph");
    }
    if (std::any_of(photograph.name.begin(), photograph.name.end(),
                    [](unsigned char c) { return std::isspace(c) != 0; })) {
      throw InputError(photograph.path +
                       ": COLMAP's lists of pairs cannot hold white space; "
                       "rename the photograph");
    }
  }
}

// ------------------------------------------------------------------- scenes

ColmapCamera ToColmap(const GroundTruthCamera& c) {
  if (c.distortion == std::array<double, 4>{}) {
    return {"PINHOLE", 0, 0, {c.fx, c.fy, c.cx, c.cy}};
  }
  ColmapCamera camera{"OPENCV", 0, 0, {c.fx, c.fy, c.cx, c.cy}};
  camera.params.insert(camera.params.end(), c.distortion.begin(),
                       c.distortion.end());
  return camera;
}

// Photographs that gt_cameras.txt lists.
void FillFromCameras(const fs::path& list, SfmScene& scene) {
  for (const GroundTruthCamera& camera :
       ReadGroundTruthCameras(list.string())) {
    scene.photographs.push_back(
        {fs::path(camera.image).lexically_relative(scene.folder).string(),
         camera.image, ToColmap(camera),
         CameraPose{camera.rotation, camera.translation}});
  }
}

void FillFromModel(const ColmapModel& model, SfmScene& scene) {
  std::map<std::string, const ColmapImage*> images;
  for (const auto& [id, image] : model.images) images[image.name] = &image;
  for (SfmPhotograph& photograph : scene.photographs) {
    const auto found = images.find(photograph.name);
    if (found == images.end()) continue;
    photograph.camera = model.cameras.at(found->second->camera_id);
    photograph.pose =
        CameraPose{found->second->rotation, found->second->translation};
  }
}

// The folder of a model: sparse/0 or sparse; empty when neither holds one.
fs::path ModelFolder(const fs::path& scene) {
  for (const fs::path& folder : {scene / "sparse" / "0", scene / "sparse"}) {
    if (fs::is_regular_file(folder / "images.bin") ||
        fs::is_regular_file(folder / "images.txt")) {
      return folder;
    }
  }
  return {};
}

std::vector<fs::path> FilesOf(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool IsScene(const fs::path& folder) {
  return fs::is_regular_file(folder / "gt_cameras.txt") ||
         fs::is_directory(folder / "images");
}

SfmScene MakeScene(const fs::path& folder) {
  SfmScene scene;
  scene.folder = folder.string();
  const fs::path place = fs::absolute(folder).lexically_normal();
  scene.name = place.filename().string();
  scene.set = place.parent_path().filename().string();
  std::vector<fs::path> truth;
  if (fs::is_regular_file(folder / "gt_cameras.txt")) {
    scene.truth = SfmTruth::kCameras;
    scene.image_folder = scene.folder;
    truth = {folder / "gt_cameras.txt"};
    FillFromCameras(truth[0], scene);
  } else {
    const fs::path images = folder / "images";
    scene.image_folder =
        fs::is_directory(images) ? images.string() : scene.folder;
    scene.photographs = PhotographsBelow(scene.image_folder);
    if (const fs::path model = ModelFolder(folder); !model.empty()) {
      scene.truth = SfmTruth::kColmapModel;
      truth = FilesOf(model);
      FillFromModel(ReadColmapModel(model.string()), scene);
    }
  }
  CheckPhotographs(scene);
  scene.checksum = ChecksumOf(scene, truth);
  return scene;
}

// All folders in `root` that are scenes; what is below a scene is part of it.
void CollectScenes(const fs::path& root, std::vector<fs::path>& scenes) {
  if (IsScene(root)) {
    scenes.push_back(root);
    return;
  }
  std::set<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.is_directory()) folders.insert(entry.path());
  }
  for (const fs::path& folder : folders) CollectScenes(folder, scenes);
}

}  // namespace

const char* Name(SfmTruth truth) {
  switch (truth) {
    case SfmTruth::kCameras:
      return "gt_cameras.txt";
    case SfmTruth::kColmapModel:
      return "COLMAP model";
    case SfmTruth::kNone:
      break;
  }
  return "none";
}

std::vector<SfmScene> FindSfmScenes(const std::string& folder) {
  // Without the last slash, which would be a name of its own.
  fs::path root(folder);
  if (root.filename().empty()) root = root.parent_path();
  if (!fs::is_directory(root)) throw InputError(folder + ": no such folder");
  std::vector<fs::path> folders;
  std::vector<SfmScene> scenes;
  try {
    CollectScenes(root, folders);
    if (folders.empty()) folders = {root};
    for (const fs::path& path : folders) scenes.push_back(MakeScene(path));
  } catch (const fs::filesystem_error& error) {
    throw InputError(error.path1().string() + ": " + error.code().message());
  }
  return scenes;
}

}  // namespace tiepoint
