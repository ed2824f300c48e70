// SPDX-License-Identifier: Apache-2.0
#include "evaluation/patch_set_from_sfm.h"

#include <cstdio>
#include <filesystem>
#include <set>
#include <span>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/image/patch.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/patch_set.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

std::string PlacesText(const ColmapModel& model, const CutPatches& cut,
                       std::span<const int> points) {
  std::string text = "point,colmap_point,photograph,x,y,sigma,angle\n";
  for (size_t i = 0; i < cut.places.size(); ++i) {
    const SfmPlace& place = cut.places[i];
    char numbers[128];
    std::snprintf(numbers, sizeof(numbers), ",%.3f,%.3f,%.4f,%.5f\n", place.x,
                  place.y, place.sigma, place.angle);
    text += std::to_string(points[i]) + "," + std::to_string(place.point3D_id) +
            "," + model.images.at(place.image_id).name + numbers;
  }
  return text;
}

}  // namespace

std::string SfmPatchOptions::Validate() const {
  if (!(min_sigma > 0 && max_sigma >= min_sigma)) {
    return "sigma must be above 0 and its largest value not below its smallest";
  }
  if (!(half_width > 0 && half_width <= 100)) {
    return "the half width of patches must be above 0 and at most 100 sigma";
  }
  if (!(min_distance >= 0))
    return "the distance of points must not be negative";
  if (max_pairs < 2) return "a match file needs at least 2 pairs";
  return "";
}

CutPatches CutPatchesFromModel(const ColmapModel& model,
                               const ReadSfmPhotograph& read,
                               const SfmPatchOptions& options) {
  CutPatches cut;
  cut.places = FindSfmPlaces(model, read, options);
  cut.pixels.resize(cut.places.size() * kPatchPixels);
  PatchGeometry geometry;
  geometry.size = kPatchSide;
  geometry.support = options.half_width;
  for (const auto& by_image : PlacesByImage(cut.places)) {
    const std::vector<int>& some = by_image.second;
    const ImagePyramid pyramid = ReadSfmPyramid(model, by_image.first, read);
    ParallelFor(static_cast<int>(some.size()), [&](int i) {
      const SfmPlace& place = cut.places[some[i]];
      SampleBytes(
          pyramid, place.x, place.y, place.sigma, place.angle, geometry,
          cut.pixels.data() + static_cast<size_t>(some[i]) * kPatchPixels);
    });
  }
  return cut;
}

PatchSetSummary WritePatchSetFromModel(const std::string& model_folder,
                                       const std::string& image_folder,
                                       const std::string& output_folder,
                                       const SfmPatchOptions& options) {
  if (const std::string why = options.Validate(); !why.empty()) {
    throw InputError("patch set: " + why);
  }
  const ColmapModel model = ReadColmapModel(model_folder);
  const CutPatches cut = CutPatchesFromModel(
      model,
      [&](const ColmapImage& image) {
        return ReadImage((fs::path(image_folder) / image.name).string()).gray;
      },
      options);
  if (cut.places.empty()) {
    throw InputError(model_folder + ": no point has two patches");
  }
  std::vector<int> points;
  std::set<int> photographs;
  for (size_t i = 0; i < cut.places.size(); ++i) {
    const bool same =
        i > 0 && cut.places[i].point3D_id == cut.places[i - 1].point3D_id;
    points.push_back(i == 0 ? 0 : points.back() + (same ? 0 : 1));
    photographs.insert(cut.places[i].image_id);
  }
  const auto pairs = DrawPairs(points, options.max_pairs, options.seed);
  WritePatchSet(output_folder, cut.pixels, points, pairs);
  WriteFileAtomically((fs::path(output_folder) / "places.csv").string(),
                      PlacesText(model, cut, points));
  return {static_cast<int>(photographs.size()), points.back() + 1,
          static_cast<int>(points.size()), static_cast<int>(pairs.size())};
}

}  // namespace tiepoint
