// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/report_json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace tiepoint {
namespace {

// The shortest digits that read back to the same number.
template <typename T>
std::string Number(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return "null";
  }
  char buffer[40];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return {buffer, result.ptr};
}

// Quoted and escaped; bytes that are not UTF-8 (paths may hold any) become
// U+FFFD.
std::string Text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

// [1, 2, 3]
template <typename Range>
std::string Numbers(const Range& values) {
  std::string text = "[";
  for (const auto value : values) {
    text += (text.size() == 1 ? "" : ", ") + Number(value);
  }
  return text + "]";
}

// The same for numbers of several types.
template <typename... T>
std::string Row(T... values) {
  std::string text;
  ((text += (text.empty() ? "[" : ", ") + Number(values)), ...);
  return text + "]";
}

// One row a line.
std::string Rows(const std::vector<std::string>& rows) {
  if (rows.empty()) return "[]";
  std::string text = "[\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    text += "    " + rows[i] + (i + 1 < rows.size() ? ",\n" : "\n");
  }
  return text + "  ]";
}

std::string Camera(const std::optional<PinholeCamera>& camera) {
  if (!camera) return "null";
  return Row(camera->fx, camera->fy, camera->cx, camera->cy);
}

std::string ImageObject(const Image& image,
                        const std::optional<PinholeCamera>& camera) {
  return "{\"path\": " + Text(image.path) +
         ", \"width\": " + Number(image.width) +
         ", \"height\": " + Number(image.height) +
         ", \"exif_orientation\": " + Number(image.exif_orientation) +
         ", \"focal_length\": " +
         (image.focal_length ? Number(*image.focal_length) : "null") +
         ", \"camera\": " + Camera(camera) + "}";
}

std::string Keypoints(const std::vector<Keypoint>& keypoints) {
  std::vector<std::string> rows;
  rows.reserve(keypoints.size());
  for (const Keypoint& k : keypoints) {
    rows.push_back(Row(k.x, k.y, k.scale, k.angle, k.score));
  }
  return Rows(rows);
}

std::string Matches(const std::vector<Match>& matches) {
  std::vector<std::string> rows;
  rows.reserve(matches.size());
  for (const Match& m : matches) rows.push_back(Row(m.i, m.j, m.similarity));
  return Rows(rows);
}

std::string Pose(const std::optional<RelativePose>& pose) {
  if (!pose) return "null";
  return "{\"R\": " + Numbers(pose->rotation) +
         ", \"t\": " + Numbers(pose->translation) + "}";
}

std::string Options(const Preset& preset,
                    const MatchPhotographsOptions& options) {
  const LiftDetectorOptions& lift = ScaleSpaceOf(preset, options.extractor);
  return "{\"max_keypoints\": " + Number(options.extractor.max_keypoints) +
         ", \"max_image_size\": " + Number(options.max_image_size) +
         ", \"first_scale\": " + Number(lift.scales.first_scale) +
         ", \"levels_per_octave\": " + Number(lift.scales.levels_per_octave) +
         ", \"nms_radius\": " + Number(lift.maxima.radius) +
         ", \"nms_levels\": " + Number(lift.maxima.neighbour_levels) +
         ", \"border\": " + Number(lift.border) +
         ", \"filter\": " + Text(Name(options.filter)) +
         ", \"max_error\": " + Number(options.geometry.max_error) + "}";
}

std::string Seconds(const std::map<std::string, double>& seconds) {
  std::string text = "{";
  for (const auto& [step, value] : seconds) {
    text += (text.size() == 1 ? "" : ", ") + Text(step) + ": " + Number(value);
  }
  return text + "}";
}

}  // namespace

std::string ReportJson(const MatchReport& report,
                       const MatchPhotographsOptions& options,
                       const std::string& version,
                       const std::optional<HomographyCheck>& check) {
  const TwoViewGeometry& geometry = report.geometry;
  const auto matrix = [&](TwoViewModel model) {
    const bool found = geometry.success && geometry.model == model;
    return found ? Numbers(geometry.matrix) : std::string("null");
  };
  const Preset& preset = report.preset;
  std::vector<std::pair<const char*, std::string>> fields = {
      {"version", Text(version)},
      {"preset", Text(preset.name)},
      {"steps", Text(preset.detector + "/" + preset.orientation + "/" +
                     preset.descriptor)},
      {"seed", Number(options.geometry.seed)},
      {"options", Options(preset, options)},
      {"image1", ImageObject(report.image1, report.camera1)},
      {"image2", ImageObject(report.image2, report.camera2)},
      {"model", Text(Name(geometry.model))},
      {"success", HasAnswer(report) ? "true" : "false"},
      {"reason", Text(geometry.reason)},
      {"E", matrix(TwoViewModel::kEssential)},
      {"F", matrix(TwoViewModel::kFundamental)},
      {"H", matrix(TwoViewModel::kHomography)},
      {"pose", Pose(geometry.pose)},
      {"confidence",
       geometry.pose ? Number(geometry.confidence) : std::string("null")},
      {"scene", Text(Name(geometry.scene))},
      {"keypoints1", Keypoints(report.features1.keypoints)},
      {"keypoints2", Keypoints(report.features2.keypoints)},
      {"matches", Matches(report.matches)},
      {"weights", Numbers(report.weights)},
      {"inliers", Numbers(geometry.inliers)},
  };
  if (check) {
    fields.emplace_back(
        "homography_check",
        "{\"path\": " + Text(check->path) +
            ", \"max_error\": " + Number(check->max_error) +
            ", \"correct_matches\": " + Number(check->correct_matches) + "}");
  }
  fields.emplace_back("seconds", Seconds(report.seconds));

  std::string json = "{\n";
  for (size_t i = 0; i < fields.size(); ++i) {
    json += "  \"" + std::string(fields[i].first) + "\": " + fields[i].second +
            (i + 1 < fields.size() ? ",\n" : "\n");
  }
  return json + "}\n";
}

}  // namespace tiepoint
