// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/prior_camera.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/image/exif.h"
#include "tiepoint/io/colmap_geometry.h"

namespace tiepoint {
namespace {

constexpr double kDefaultFocalLength = 1.2;  // times the longer side
// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
constexpr double kPixelShift = 0.5;

struct CameraModel {
  const char* name;
  size_t num_focal, num_distortion;
};
constexpr std::array<CameraModel, 5> kModels = {{{"SIMPLE_PINHOLE", 1, 0},
                                                 {"PINHOLE", 2, 0},
                                                 {"SIMPLE_RADIAL", 1, 1},
                                                 {"RADIAL", 1, 2},
                                                 {"OPENCV", 2, 4}}};

const CameraModel& FindCameraModel(const std::string& name) {
  std::string names;
  for (const CameraModel& model : kModels) {
    if (name == model.name) return model;
    names += std::string(names.empty() ? "" : ", ") + model.name;
  }
  throw InputError("no camera model \"" + name + "\"; there are " + names);
}

}  // namespace

FocalPrior FocalPriorOf(const std::string& path, int width, int height) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto exif = FocalLengthInPixels(ReadExif(bytes).focal, width, height);
  if (exif) return {*exif, true};
  return {kDefaultFocalLength * std::max(width, height), false};
}

ColmapCamera MakeColmapCamera(const std::string& model, double focal, int width,
                              int height) {
  const CameraModel& form = FindCameraModel(model);
  ColmapCamera camera{model, width, height, {}};
  camera.params.assign(form.num_focal, focal);
  camera.params.push_back((width - 1) / 2.0);
  camera.params.push_back((height - 1) / 2.0);
  camera.params.resize(camera.params.size() + form.num_distortion, 0.0);
  return camera;
}

ColmapCamera ParseColmapCamera(const std::string& model,
                               const std::string& params, int width,
                               int height) {
  ColmapCamera camera = MakeColmapCamera(model, 1, width, height);
  const size_t expected = camera.params.size();
  camera.params.clear();
  std::istringstream text(params);
  bool readable = true;
  for (std::string word; std::getline(text, word, ',');) {
    std::istringstream number(word);
    double value = 0;
    std::string rest;
    readable = readable && (number >> value) && !(number >> rest) &&
               std::isfinite(value);
    camera.params.push_back(value);
  }
  if (!readable || camera.params.size() != expected) {
    throw InputError("camera parameters '" + params + "': " + model + " has " +
                     std::to_string(expected) +
                     " numbers, separated by commas");
  }
  const size_t num_focal = FindCameraModel(model).num_focal;
  for (size_t k = 0; k < num_focal; ++k) {
    if (camera.params[k] <= 0) {
      throw InputError("camera parameters '" + params +
                       "': focal lengths must be above 0");
    }
  }
  camera.params[num_focal] -= kPixelShift;
  camera.params[num_focal + 1] -= kPixelShift;
  return camera;
}

PinholeCamera PinholeOf(const ColmapCamera& camera) {
  const Lens lens = LensOf(camera);
  return {lens.fx, lens.fy, lens.cx, lens.cy};
}

}  // namespace tiepoint
