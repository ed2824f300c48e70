// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/match_page.h"

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

Json Parse(const MatchPageInput& input) {
  Json json = Json::parse(input.json, nullptr, false);
  bool good = json.is_object();
  for (const char* key : {"image1", "image2", "keypoints1", "keypoints2",
                          "matches", "weights", "inliers"}) {
    good = good && json.contains(key);
  }
  if (!good || !json["image1"].contains("path") ||
      !json["image2"].contains("path")) {
    throw InputError(input.name + ": is not what tiepoint match writes");
  }
  return json;
}

std::optional<Matrix> MatrixOf(const Json& json, const char* key) {
  if (!json.contains(key) || !json[key].is_array() || json[key].size() != 9) {
    return std::nullopt;
  }
  return json[key].get<Matrix>();
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
    return json[image].contains("camera") && json[image]["camera"].is_array() &&
           json[image]["camera"].size() == 4;
  };
  if (!e || !camera("image1") || !camera("image2")) return nullptr;
  return FundamentalOf(*e,
                       json["image1"]["camera"].get<std::array<double, 4>>(),
                       json["image2"]["camera"].get<std::array<double, 4>>());
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
  if (json.contains("confidence") && json["confidence"].is_number()) {
    const auto percent = std::lround(100 * json["confidence"].get<double>());
    facts +=
        ", pose right within 5 degrees with " + std::to_string(percent) + " %";
  }
  return facts;
}

}  // namespace

std::vector<std::string> PhotographsOf(const MatchPageInput& input) {
  const Json json = Parse(input);
  return {json["image1"]["path"].get<std::string>(),
          json["image2"]["path"].get<std::string>()};
}

std::string MatchPage(const MatchPageInput& input) {
  const Json json = Parse(input);
  Json data;
  const std::vector<std::string> paths = PhotographsOf(input);
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
