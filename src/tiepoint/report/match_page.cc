// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/match_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "tiepoint/base/error.h"
#include "tiepoint/report/page_style.h"
#include "tiepoint/report/page_templates.h"
#include "tiepoint/report/page_text.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;
using Matrix = std::array<double, 9>;

// The JSON of a match; what pages use of it is looked at, so that they need not
// ask again.
class MatchJson {
 public:
  explicit MatchJson(const MatchPageInput& input)
      : name_(input.name), json_(Json::parse(input.json, nullptr, false)) {
    if (!json_.is_object()) {
      throw InputError(name_ + ": is not what tiepoint match writes");
    }
    CheckImage("image1");
    CheckImage("image2");
    CheckRows("keypoints1", 5);
    CheckRows("keypoints2", 5);
    CheckRows("matches", 3);
    CheckMatches();
    CheckMatrix(json_, "E", 9, "");
    CheckMatrix(json_, "F", 9, "");
    const Json confidence = json_.value("confidence", Json());
    Expect(confidence.is_null() || IsBetween(confidence, 0, 1), "confidence",
           "has to be null or 0 .. 1");
  }

  const Json& operator*() const { return json_; }

 private:
  void Expect(bool good, const std::string& key,
              const std::string& rule) const {
    if (good) return;
    throw InputError(name_ + ": is not what tiepoint match writes: " + key +
                     " " + rule);
  }

  // Infinite ones are no JSON.
  static bool IsBetween(const Json& value, double least, double most) {
    return value.is_number() && value.get<double>() >= least &&
           value.get<double>() <= most;
  }
  static bool IsIndex(const Json& value, size_t count) {
    return value.is_number_integer() && IsBetween(value, 0, kMaxWhole) &&
           value.get<size_t>() < count;
  }
  static bool AreNumbers(const Json& row, size_t count) {
    return row.is_array() && row.size() == count &&
           std::all_of(row.begin(), row.end(),
                       [](const Json& value) { return value.is_number(); });
  }

  void CheckImage(const std::string& key) const {
    const Json image = json_.value(key, Json());
    Expect(image.is_object(), key, "has to be an object");
    Expect(image.value("path", Json()).is_string(), key + ".path",
           "has to be text");
    for (const char* size : {"width", "height"}) {
      const Json pixels = image.value(size, Json(0));
      Expect(pixels.is_number_integer() && IsBetween(pixels, 0, kMaxWhole),
             key + "." + size, "has to be a number of pixels");
    }
    CheckMatrix(image, "camera", 4, key + ".");
    const Json camera = image.value("camera", Json());
    Expect(camera.is_null() || (camera[0] != 0 && camera[1] != 0),
           key + ".camera", "needs focal lengths");
  }

  void CheckMatrix(const Json& object, const std::string& key, size_t size,
                   const std::string& of) const {
    const Json matrix = object.value(key, Json());
    Expect(matrix.is_null() || AreNumbers(matrix, size), of + key,
           "has to be null or " + std::to_string(size) + " numbers");
  }

  void CheckRows(const std::string& key, size_t columns) const {
    const auto rows = json_.find(key);
    Expect(rows != json_.end() && rows->is_array() &&
               std::all_of(
                   rows->begin(), rows->end(),
                   [&](const Json& row) { return AreNumbers(row, columns); }),
           key, "have to be rows of " + std::to_string(columns) + " numbers");
  }

  void CheckMatches() const {
    const size_t first = json_.at("keypoints1").size();
    const size_t second = json_.at("keypoints2").size();
    const Json& matches = json_.at("matches");
    for (const Json& match : matches) {
      Expect(IsIndex(match[0], first) && IsIndex(match[1], second), "matches",
             "point at keypoints that are not there");
    }
    const Json weights = json_.value("weights", Json());
    Expect(AreNumbers(weights, matches.size()), "weights",
           "have to be a number for each match");
    const Json inliers = json_.value("inliers", Json());
    Expect(inliers.is_array() && std::all_of(inliers.begin(), inliers.end(),
                                             [&](const Json& inlier) {
                                               return IsIndex(inlier,
                                                              matches.size());
                                             }),
           "inliers", "have to point at matches");
  }

  static constexpr double kMaxWhole = 1 << 30;
  std::string name_;
  Json json_;
};

std::optional<Matrix> MatrixOf(const Json& json, const char* key) {
  const Json matrix = json.value(key, Json());
  if (matrix.is_null()) return std::nullopt;
  return matrix.get<Matrix>();
}

// F = K2^-T E K1^-1 of cameras (fx, fy, cx, cy).
Matrix FundamentalOf(const Matrix& e, const std::array<double, 4>& camera1,
                     const std::array<double, 4>& camera2) {
  const auto inverse = [](const std::array<double, 4>& c) {
    return Matrix{1 / c[0], 0, -c[2] / c[0], 0, 1 / c[1], -c[3] / c[1], 0,
                  0,        1};
  };
  const Matrix k1 = inverse(camera1), k2 = inverse(camera2);
  Matrix f{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
          f[3 * r + c] += k2[3 * i + r] * e[3 * i + j] * k1[3 * j + c];
        }
      }
    }
  }
  return f;
}

Json Fundamental(const Json& json) {
  if (const auto f = MatrixOf(json, "F")) return *f;
  const auto e = MatrixOf(json, "E");
  const auto camera = [&](const char* image) {
    return json[image].value("camera", Json());
  };
  const Json camera1 = camera("image1"), camera2 = camera("image2");
  if (!e || camera1.is_null() || camera2.is_null()) return nullptr;
  return FundamentalOf(*e, camera1.get<std::array<double, 4>>(),
                       camera2.get<std::array<double, 4>>());
}

std::string Facts(const Json& json) {
  std::string facts = std::to_string(json["keypoints1"].size()) + " and " +
                      std::to_string(json["keypoints2"].size()) +
                      " keypoints, " + std::to_string(json["matches"].size()) +
                      " matches, " + std::to_string(json["inliers"].size()) +
                      " inliers";
  if (json.contains("model") && json["model"].is_string()) {
    facts += " of the " + json["model"].get<std::string>() +
             (json["model"] == "homography" ? "" : " matrix");
  }
  if (json.contains("confidence") && !json["confidence"].is_null()) {
    const auto percent = std::lround(100 * json["confidence"].get<double>());
    facts +=
        ", pose right within 5 degrees with " + std::to_string(percent) + " %";
  }
  return facts;
}

std::vector<std::string> PathsOf(const Json& json) {
  return {json["image1"]["path"].get<std::string>(),
          json["image2"]["path"].get<std::string>()};
}

}  // namespace

std::vector<std::string> PhotographsOf(const MatchPageInput& input) {
  return PathsOf(*MatchJson(input));
}

std::string MatchPage(const MatchPageInput& input) {
  const MatchJson checked(input);
  const Json& json = *checked;
  Json data;
  const std::vector<std::string> paths = PathsOf(json);
  for (size_t k = 0; k < 2; ++k) {
    const std::string source = DataAddress(input.photographs.at(k));
    if (source.empty()) {
      throw InputError(paths[k] +
                       ": browsers show JPEG, PNG and WebP; convert it first");
    }
    const Json& image = json[k == 0 ? "image1" : "image2"];
    data["images"].push_back({{"name", FileName(paths[k])},
                              {"width", image.value("width", 0)},
                              {"height", image.value("height", 0)},
                              {"source", source}});
    data["keypoints"].push_back(json[k == 0 ? "keypoints1" : "keypoints2"]);
  }
  data["matches"] = json["matches"];
  data["weights"] = json["weights"];
  data["inliers"] = json["inliers"];
  data["fundamental"] = Fundamental(json);
  data["facts"] = Facts(json);
  data["home"] = input.home;
  return FillPage(
      kMatchPage,
      {{"TITLE", EscapeHtml(FileName(paths[0]) + " - " + FileName(paths[1]))},
       {"STYLE", std::string(kPageStyle) + kViewerStyle},
       {"DATA", ScriptJson(data.dump())},
       {"SCRIPT", std::string(kViewerScript) + kMatchScript}});
}

}  // namespace tiepoint
