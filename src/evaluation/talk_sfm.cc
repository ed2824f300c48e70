// SPDX-License-Identifier: Apache-2.0
#include "evaluation/talk_sfm.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <set>

namespace tiepoint {
namespace {

std::string LettersAndDigits(const std::string& text) {
  std::string result;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0) result += static_cast<char>(std::tolower(c));
  }
  return result;
}

Measurement ToMeasurement(const TalkRow& row) {
  return {{"images", {row.images}},
          {"registered", {row.registered}},
          {"points", {row.points}},
          {"observations", {1000 * row.observations_k}},
          {"track_length", {row.track_length}},
          {"reprojection_error", {row.reprojection_error}},
          {"inlier_pairs", {row.inlier_pairs}},
          {"inlier_matches", {1000 * row.inlier_matches_k}},
          {"dense_points", {1000 * row.dense_points_k}},
          {"position_mean", {row.position_mean}},
          {"position_median", {row.position_median}}};
}

std::string Number(double value, int decimals) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", decimals, value);
  return text;
}

std::vector<std::string> Cells(const TalkRow& row) {
  return {std::string(row.method) + (row.uncertain ? " ?" : ""),
          Number(row.images, 0),
          Number(row.registered, 0),
          Number(row.points, 0),
          Number(row.observations_k, 0) + "K",
          Number(row.track_length, 2),
          Number(row.reprojection_error, 2),
          Number(row.inlier_pairs, 0),
          Number(row.inlier_matches_k, 0) + "K",
          Number(row.dense_points_k, 0) + "K",
          Number(row.position_mean, 3),
          Number(row.position_median, 3)};
}

// The first column to the left, the others to the right.
std::string Aligned(std::vector<std::vector<std::string>> rows) {
  std::string text;
  for (size_t c = 0; c < rows[0].size(); ++c) {
    size_t width = 0;
    for (auto& row : rows) {
      if (row[c] == "-K") row[c] = "-";
      width = std::max(width, row[c].size());
    }
    for (auto& row : rows) {
      const std::string space(width - row[c].size(), ' ');
      row[c] = c == 0 ? row[c] + space : "  " + space + row[c];
    }
  }
  for (const auto& row : rows) {
    for (const std::string& cell : row) text += cell;
    text += "\n";
  }
  return text;
}

}  // namespace

const std::vector<TalkRow>& TalkTable() {
  constexpr double kNone = kUndefined;
  static const std::vector<TalkRow> table = {
#include "evaluation/talk_sfm_table.inc"
  };
  return table;
}

std::vector<TalkRow> TalkRows(const std::string& scene) {
  std::vector<TalkRow> rows;
  const std::string name = LettersAndDigits(scene);
  for (const TalkRow& row : TalkTable()) {
    if (name.starts_with(LettersAndDigits(row.set))) rows.push_back(row);
  }
  return rows;
}

std::vector<MethodResult> TalkMethods(const std::vector<Item>& items) {
  std::vector<MethodResult> methods;
  std::set<std::string> names;
  for (const TalkRow& method : TalkTable()) {
    if (!names.insert(method.method).second) continue;
    MethodResult result;
    result.label = std::string("paper: ") + method.method;
    result.settings = {{"source",
                        "Schoenberger et al., CVPR 2017, table 3 (printed "
                        "numbers, not measured here)"}};
    bool any = false;
    for (const Item& item : items) {
      result.measurements.emplace_back();
      for (const TalkRow& row : TalkRows(item.sequence)) {
        if (std::string(row.method) != method.method) continue;
        result.measurements.back() = ToMeasurement(row);
        any = true;
      }
    }
    if (any) methods.push_back(std::move(result));
  }
  return methods;
}

std::string TalkText(const std::string& scene) {
  const std::vector<TalkRow> rows = TalkRows(scene);
  if (rows.empty()) return "";
  std::vector<std::vector<std::string>> cells = {
      {std::string("paper: ") + rows[0].set, "images", "registered", "points",
       "observations", "track", "reproj. px", "inl. pairs", "inl. matches",
       "dense", "pos. mean m", "pos. median m"}};
  for (const TalkRow& row : rows) cells.push_back(Cells(row));
  return Aligned(std::move(cells)) + TalkNote() + "\n";
}

std::string TalkNote() {
  return "The numbers of the paper (Schoenberger et al., CVPR 2017, table 3) "
         "were measured on photographs of full size, with SIFT's keypoints for "
         "all descriptors but LIFT (its own, 5000 a photograph), and a COLMAP "
         "of that time. Compare registered images and the order of methods; "
         "counts of points, observations and matches only for the same "
         "photographs and the same number of keypoints. Reprojection errors "
         "are in pixels of the stored photographs: about half as large on "
         "photographs of half size.";
}

}  // namespace tiepoint
