// SPDX-License-Identifier: Apache-2.0
// Where the features that are evaluated come from: presets that are run here
// (and kept in a cache), or files made by other programs.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "tiepoint/geometry/two_view.h"
#include "tiepoint/image/image.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

// OpenCV 4.6 doubles the picture without moving the corner: every keypoint of
// its SIFT lies this far right of and below its true place.
inline constexpr float kOpenCvSiftShift = 0.25f;

// Features in pixels of the working image: the photograph reduced so that its
// longer side has at most `max_image_size` pixels. Errors are measured in these
// pixels, as published protocols that resize do. `set.image_width` and
// `.image_height` are those of the working image.
struct Features {
  FeatureSet set;
  // Stored pixels a working pixel. x_stored = (x + 0.5) scale_x - 0.5.
  double scale_x = 1;
  double scale_y = 1;

  // Homogeneous 3x3: working pixels from pixels of the stored file.
  Matrix3 WorkingFromStored() const;
  // The camera of the stored file as it sees the working image.
  PinholeCamera Working(const PinholeCamera& stored) const;
};

// x2 ~ H x1 in working pixels, from the one in pixels of the stored files.
Matrix3 WorkingHomography(const Matrix3& stored, const Features& first,
                          const Features& second);

// Called from one thread at a time.
class FeatureSource {
 public:
  virtual ~FeatureSource() = default;
  // For tables: "rootsift", "rootsift -0.25", "superpoint".
  virtual std::string Label() const = 0;
  // Everything that the features depend on: preset, steps, number of
  // keypoints, checksums of weights or files, version.
  virtual nlohmann::ordered_json Settings() const = 0;
  // Of a photograph. max_image_size 0: as stored.
  virtual std::shared_ptr<const Features> Of(const std::string& path,
                                             int max_image_size) const = 0;
  // Of a picture that was made here (sweeps): throws InputError where the
  // features come from a file.
  virtual Features Of(const Image& image) const = 0;
  // The steps of a preset; null for files.
  virtual const Steps* GetSteps() const { return nullptr; }
};

struct FeatureSourceOptions {
  ExtractorOptions extractor;
  // Folder that keeps features between runs; empty: none are kept.
  std::string cache;
  // No descriptors (repeatability alone).
  bool keypoints_only = false;
  std::string version;  // of the program, for Settings
};

// `name`: a preset (ParsePreset), with "@int8", "@bf16" or "@f32" behind it for
// networks in that precision (what each costs in accuracy is one run with
// several of them), or "external:FILE" with FILE a feature file
// (io/feature_file.h: hloc's HDF5 or ours); "LABEL=external:FILE" gives it a
// label of its own. Photographs are looked up in such a file by the longest
// tail of their path.
std::unique_ptr<FeatureSource> MakeFeatureSource(
    const std::string& name, const FeatureSourceOptions& options);

// The largest ratio of nearest and second distance: `asked`, or where that is 0
// UsualRatio of the preset, 0.8 for features of a file.
double RatioFor(const FeatureSource& source, double asked);
// For the settings of a protocol.
nlohmann::ordered_json RatioJson(double asked);

// The same features with the shift of OpenCV's SIFT undone; `source` must
// outlive the result.
std::unique_ptr<FeatureSource> UndoSiftShift(const FeatureSource& source);

// Are these keypoints of OpenCV's SIFT (so that tables need both forms)?
bool HasSiftShift(const FeatureSource& source);

}  // namespace tiepoint
