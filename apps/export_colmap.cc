// SPDX-License-Identifier: Apache-2.0
#include "export_colmap.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/pipeline/prior_camera.h"

using namespace tiepoint;
namespace fs = std::filesystem;

namespace {

struct Counts {
  int images = 0, added = 0, replaced = 0, without_descriptors = 0;
  int cameras = 0;
  int pairs = 0, verified = 0;
  int64_t keypoints = 0, matches = 0, inliers = 0;
};

class Exporter {
 public:
  Exporter(const std::string& features, const std::string& database,
           const ColmapExportOptions& options)
      : options_(options),
        database_(database),
        file_(features),
        writer_(database, ColmapDatabaseWriter::Existing::kExtend),
        line_(options.quiet) {}

  // Of the images that the database does not know yet.
  void AddCameras() {
    std::vector<SizedPhotograph> photographs;
    for (const std::string& name : file_.Names()) {
      CheckInterrupt();
      if (!writer_.FindImage(name)) photographs.push_back(Sized(name));
    }
    const AssignedCameras assigned =
        AssignCameras(photographs, options_.cameras.Checked());
    std::vector<Camera> cameras;
    for (const auto& [camera, known] : assigned.cameras) {
      cameras.push_back({writer_.AddCamera(camera, known), std::nullopt});
      if (known) cameras.back().known = PinholeOf(camera);
    }
    counts_.cameras = static_cast<int>(cameras.size());
    for (size_t i = 0; i < photographs.size(); ++i) {
      cameras_[photographs[i].name] = cameras[assigned.of[i]];
    }
  }

  void AddImages() {
    const std::vector<std::string>& names = file_.Names();
    for (const std::string& name : names) {
      CheckInterrupt();
      line_.Count(counts_.images, static_cast<int>(names.size()), name);
      FeatureSet features = file_.FindAsStored(name).value();
      const bool described = features.descriptors.cols > 0;
      PrepareDescriptors("colmap", options_.descriptors, name, features);
      counts_.without_descriptors +=
          described && features.descriptors.cols == 0;
      const Added& image = images_[name] = AddImage(name, features);
      ++counts_.images;
      counts_.keypoints += std::ssize(image.keypoints);
    }
  }

  void AddPairs(const std::string& path) {
    const MatchFile matches(path);
    const PairNames names(file_.Names());
    std::set<std::pair<std::string, std::string>> done;
    for (const auto& in_file : matches.Pairs()) {
      CheckInterrupt();
      const auto [first, second] = names.Find(path, in_file);
      if (!done.insert(std::minmax(first, second)).second) continue;
      line_.Count(counts_.pairs, static_cast<int>(matches.Pairs().size()),
                  first + " " + second);
      AddPair(first, second, matches.Find(first, second).value());
    }
  }

  void Commit() {
    line_.Show("");
    writer_.Commit();
    if (options_.quiet) return;
    fmt::print("images    {} ({} new), {} keypoints, {} new cameras\n",
               counts_.images, counts_.added, counts_.keypoints,
               counts_.cameras);
    if (counts_.replaced > 0) {
      fmt::print("replaced  features of {} images, and their matches\n",
                 counts_.replaced);
    }
    if (counts_.without_descriptors > 0) {
      fmt::print("left out  descriptors of {} images{}\n",
                 counts_.without_descriptors,
                 options_.descriptors == DescriptorMode::kNone
                     ? ""
                     : ": not 128 numbers of 0 or more, as COLMAP's are");
    }
    if (counts_.pairs > 0) {
      fmt::print("pairs     {} with {} matches", counts_.pairs,
                 counts_.matches);
      if (options_.geometry == "none") {
        fmt::print(", for COLMAP to verify\n");
      } else {
        fmt::print("; {} verified with {} inliers\n", counts_.verified,
                   counts_.inliers);
      }
    }
    fmt::print("written   {}\n", database_);
  }

 private:
  struct Camera {
    int id = 0;
    // Where the focal length is known.
    std::optional<PinholeCamera> known;
  };
  struct Added {
    int id = 0;
    std::optional<PinholeCamera> camera;
    std::vector<Keypoint> keypoints;
  };

  SizedPhotograph Sized(const std::string& name) const {
    SizedPhotograph photograph{"", name};
    if (!options_.images.empty()) {
      photograph.path = fs::path(options_.images) / name;
      if (!fs::exists(photograph.path)) {
        throw InputError(photograph.path +
                         ": no such photograph (--images is the folder that "
                         "the names begin in)");
      }
    }
    const FeatureSet features = file_.FindAsStored(name).value();
    photograph.width = features.image_width;
    photograph.height = features.image_height;
    if (photograph.width > 0 && photograph.height > 0) return photograph;
    if (photograph.path.empty()) {
      throw InputError(name +
                       ": the feature file does not know the size of the "
                       "photograph; give --images");
    }
    std::tie(photograph.width, photograph.height) =
        PhotographSize(photograph.path);
    return photograph;
  }

  Added AddImage(const std::string& name, FeatureSet& features) {
    const std::optional<ColmapStoredImage> stored = writer_.FindImage(name);
    Added image;
    if (!stored) {
      const Camera& camera = cameras_.at(name);
      image.id = writer_.AddImage(name, camera.id, features);
      image.camera = camera.known;
      ++counts_.added;
    } else {
      image.id = stored->id;
      if (writer_.SetFeatures(stored->id, features) && stored->keypoints > 0) {
        if (!options_.overwrite) {
          throw InputError(database_ + ": " + name +
                           " has other features there; --overwrite replaces "
                           "them and removes their matches");
        }
        ++counts_.replaced;
      }
    }
    image.keypoints = std::move(features.keypoints);
    return image;
  }

  void AddPair(const std::string& first, const std::string& second,
               const MatchedPair& pair) {
    const Added& a = images_.at(first);
    const Added& b = images_.at(second);
    for (const PairMatch& match : pair.matches) {
      if (match.i >= std::ssize(a.keypoints) ||
          match.j >= std::ssize(b.keypoints)) {
        throw InputError(first + " and " + second +
                         ": matches of keypoints that the feature file does "
                         "not hold; the files do not belong together");
      }
    }
    writer_.RemovePair(a.id, b.id);
    writer_.AddMatches(a.id, b.id, IndicesOf(pair.matches));
    ++counts_.pairs;
    counts_.matches += std::ssize(pair.matches);
    if (options_.geometry == "none") return;
    const ColmapTwoView two_view = GeometryOf(a, b, pair);
    writer_.AddTwoView(a.id, b.id, two_view);
    counts_.verified += !two_view.inliers.empty();
    counts_.inliers += std::ssize(two_view.inliers);
  }

  // What is known without the cameras of the file, where ours are others.
  static ColmapTwoView Stored(const Added& a, const Added& b,
                              const MatchedPair& pair) {
    using Configuration = ColmapConfiguration;
    ColmapTwoView geometry = *pair.geometry;
    if (!geometry.essential) return geometry;
    const auto four = [](const std::optional<PinholeCamera>& camera)
        -> std::optional<std::array<double, 4>> {
      if (!camera) return std::nullopt;
      return std::array<double, 4>{camera->fx, camera->fy, camera->cx,
                                   camera->cy};
    };
    if (pair.cameras == PairCameras{four(a.camera), four(b.camera)}) {
      return geometry;
    }
    geometry.configuration = geometry.homography
                                 ? Configuration::kPlanarOrPanoramic
                                 : Configuration::kUncalibrated;
    geometry.essential.reset();
    geometry.pose.reset();
    return geometry;
  }

  ColmapTwoView GeometryOf(const Added& a, const Added& b,
                           const MatchedPair& pair) const {
    if (options_.geometry == "auto" && pair.geometry) {
      return Stored(a, b, pair);
    }
    ColmapTwoView two_view;
    two_view.configuration = ColmapConfiguration::kUncalibrated;
    two_view.inliers = IndicesOf(pair.matches);
    if (options_.geometry != "trust") Verify(a, b, pair.matches, two_view);
    return two_view;
  }

  void Verify(const Added& a, const Added& b,
              const std::vector<PairMatch>& matches,
              ColmapTwoView& two_view) const {
    std::vector<PointPair> points;
    std::vector<double> weights;
    for (const PairMatch& match : matches) {
      const Keypoint& k = a.keypoints[match.i];
      const Keypoint& l = b.keypoints[match.j];
      points.push_back({k.x, k.y, l.x, l.y});
      // Of ours, 0 is never among matches; others may have any scores.
      weights.push_back(std::clamp(match.score, 0.0f, 1.0f));
    }
    TwoViewOptions geometry;
    const bool calibrated = a.camera && b.camera;
    geometry.model =
        calibrated ? TwoViewModel::kEssential : TwoViewModel::kFundamental;
    geometry.seed = options_.seed;
    const TwoViewGeometry found = EstimateTwoViewGeometry(
        points, a.camera.value_or(PinholeCamera{}),
        b.camera.value_or(PinholeCamera{}), geometry, weights);
    two_view.inliers.clear();
    two_view.configuration = ColmapConfiguration::kDegenerate;
    if (!found.success) return;
    two_view.configuration = calibrated ? ColmapConfiguration::kCalibrated
                                        : ColmapConfiguration::kUncalibrated;
    (calibrated ? two_view.essential : two_view.fundamental) = found.matrix;
    for (const int m : found.inliers) {
      two_view.inliers.emplace_back(matches[m].i, matches[m].j);
    }
  }

  const ColmapExportOptions& options_;
  std::string database_;
  FeatureFile file_;
  ColmapDatabaseWriter writer_;
  ProgressLine line_;
  std::map<std::string, Camera> cameras_;  // of new images, by name
  std::map<std::string, Added> images_;
  Counts counts_;
};

}  // namespace

void ExportColmap(const std::string& features, const std::string& matches,
                  const std::string& database,
                  const ColmapExportOptions& options) {
  const fs::path parent = fs::path(database).parent_path();
  if (!parent.empty()) EnsureWritableFolder(parent);
  Exporter exporter(features, database, options);
  exporter.AddCameras();
  exporter.AddImages();
  if (!matches.empty()) exporter.AddPairs(matches);
  exporter.Commit();
}
