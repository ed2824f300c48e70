// SPDX-License-Identifier: Apache-2.0
#include "colmap_cameras.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/image/exif.h"
#include "tiepoint/io/colmap_camera_models.h"

using namespace tiepoint;
namespace fs = std::filesystem;

namespace {

constexpr double kPixelShift = 0.5;  // COLMAP's pixels against ours
constexpr double kUsualFocal = 1.2;  // times the longer side, as COLMAP guesses

const ColmapCameraModel& ModelOf(const ColmapExportOptions& options) {
  const ColmapCameraModel* const model =
      FindColmapCameraModel(options.camera_model);
  if (model == nullptr) {
    throw InputError("--camera-model: no model " + options.camera_model);
  }
  return *model;
}

std::optional<double> ExifFocal(const std::string& path, int width,
                                int height) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw InputError(path +
                     ": no such photograph (--images is the folder that "
                     "the names begin in)");
  }
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  const ExifNotes notes = ReadExif(
      {reinterpret_cast<const uint8_t*>(content.data()), content.size()});
  return FocalLengthInPixels(notes.focal, width, height);
}

}  // namespace

ColmapCameras::ColmapCameras(ColmapDatabaseWriter& writer,
                             const ColmapExportOptions& options)
    : writer_(writer), options_(options) {
  const size_t given = options.camera_params.size();
  const size_t needed = ModelOf(options).num_params;
  if (given != 0 && given != needed) {
    throw InputError("--camera-params: " + options.camera_model + " has " +
                     std::to_string(needed) + " parameters, not " +
                     std::to_string(given));
  }
}

ColmapCameras::Camera ColmapCameras::Of(const std::string& name,
                                        FeatureSet& features) {
  const std::string path =
      options_.images.empty() ? "" : fs::path(options_.images) / name;
  int& width = features.image_width;
  int& height = features.image_height;
  if (width <= 0 || height <= 0) {
    if (path.empty()) {
      throw InputError(name +
                       ": the feature file does not know the size of the "
                       "photograph; give --images");
    }
    std::tie(width, height) = PhotographSize(path);
  }
  std::optional<double> focal;
  if (!path.empty()) focal = ExifFocal(path, width, height);
  const std::string& mode = options_.camera_mode;
  if (mode == "per-image") {
    ++alone_;
    return Add(width, height, focal);
  }
  Key key;
  if (mode != "single") std::get<0>(key) = fs::path(name).parent_path();
  if (mode == "auto") {
    key = {std::get<0>(key), width, height, focal.value_or(0)};
  }
  const auto found = cameras_.find(key);
  if (found != cameras_.end()) {
    const Shared& shared = found->second;
    if (shared.width != width || shared.height != height) {
      throw InputError(name + " and " + shared.name +
                       ": of different size, but to share a camera by "
                       "--camera-mode " +
                       mode + "; choose auto");
    }
    return shared.camera;
  }
  const Camera added = Add(width, height, focal);
  cameras_[key] = {added, name, width, height};
  return added;
}

ColmapCameras::Camera ColmapCameras::Add(int width, int height,
                                         std::optional<double> focal) {
  const size_t focals = ModelOf(options_).cx;  // they stand before it
  ColmapCamera camera{options_.camera_model, width, height,
                      options_.camera_params};
  std::vector<double>& p = camera.params;
  const bool known = focal.has_value() || !p.empty();
  if (p.empty()) {
    p.assign(ModelOf(options_).num_params, 0);
    std::fill_n(p.begin(), focals,
                focal.value_or(kUsualFocal * std::max(width, height)));
    p[focals] = width / 2.0;
    p[focals + 1] = height / 2.0;
  }
  p[focals] -= kPixelShift;
  p[focals + 1] -= kPixelShift;
  Camera added{writer_.AddCamera(camera, known), std::nullopt};
  if (known) {
    added.known = PinholeCamera{p[0], p[focals - 1], p[focals], p[focals + 1]};
  }
  return added;
}
