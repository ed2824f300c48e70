// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/assign_cameras.h"

#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/pipeline/prior_camera.h"

namespace tiepoint {
namespace {

constexpr std::array<std::pair<const char*, CameraMode>, 4> kModes = {
    {{"auto", CameraMode::kAuto},
     {"single", CameraMode::kSingle},
     {"per-folder", CameraMode::kPerFolder},
     {"per-image", CameraMode::kPerImage}}};

std::string FolderOf(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

AssignedCameras::Camera CameraFor(const SizedPhotograph& photograph,
                                  const FocalPrior& prior,
                                  const CameraOptions& options) {
  if (!options.params.empty()) {
    return {ParseColmapCamera(options.model, options.params, photograph.width,
                              photograph.height),
            true};
  }
  return {MakeColmapCamera(options.model, prior.focal, photograph.width,
                           photograph.height),
          prior.known};
}

std::string SizeText(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

CameraMode ParseCameraMode(const std::string& name) {
  std::string names;
  for (const auto& [known, mode] : kModes) {
    if (name == known) return mode;
    names += std::string(names.empty() ? "" : ", ") + known;
  }
  throw InputError("no camera mode \"" + name + "\"; there are " + names);
}

AssignedCameras AssignCameras(const std::vector<SizedPhotograph>& photographs,
                              const CameraOptions& options) {
  // What photographs of one camera have in common.
  using Key = std::tuple<std::string, int, int, double, int>;
  std::map<Key, int> cameras;
  std::vector<std::string> first;  // photograph of each
  AssignedCameras result;
  for (size_t i = 0; i < photographs.size(); ++i) {
    const SizedPhotograph& photograph = photographs[i];
    const int width = photograph.width, height = photograph.height;
    const bool given = !options.params.empty();
    const FocalPrior prior =
        given ? FocalPrior{} : FocalPriorOf(photograph.path, width, height);
    const std::string folder = FolderOf(photograph.name);
    const int own = static_cast<int>(i) + 1;
    Key key;
    switch (options.mode) {
      case CameraMode::kAuto:
        key = {folder, width, height, prior.focal, 0};
        break;
      case CameraMode::kSingle:
        break;
      case CameraMode::kPerFolder:
        std::get<0>(key) = folder;
        break;
      case CameraMode::kPerImage:
        std::get<4>(key) = own;
        break;
    }
    const auto [place, added] =
        cameras.emplace(key, static_cast<int>(result.cameras.size()));
    if (added) {
      result.cameras.push_back(CameraFor(photograph, prior, options));
      first.push_back(photograph.name);
    }
    const ColmapCamera& camera = result.cameras[place->second].camera;
    if (camera.width != width || camera.height != height) {
      throw InputError(photograph.name + ": is " + SizeText(width, height) +
                       " pixels, " + first[place->second] + " of its camera " +
                       SizeText(camera.width, camera.height) +
                       "; use --camera-mode auto or per-image");
    }
    result.of.push_back(place->second);
  }
  return result;
}

}  // namespace tiepoint
