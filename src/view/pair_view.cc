// SPDX-License-Identifier: Apache-2.0
#include "view/pair_view.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/report/page_text.h"
#include "view/photograph_path.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::optional<std::string> JpegOf(const std::string& path) {
  // OpenCV throws for some damaged files, such as those that claim to be large.
  try {
    const cv::Mat pixels =
        cv::imread(path, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    std::vector<unsigned char> jpeg;
    if (pixels.empty() || !cv::imencode(".jpg", pixels, jpeg)) {
      return std::nullopt;
    }
    return std::string(jpeg.begin(), jpeg.end());
  } catch (const cv::Exception&) {
    return std::nullopt;
  }
}

// What a browser can show of a photograph.
std::string ShownPhotograph(const std::string& path, const std::string& name) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (!file || fs::is_directory(path, error)) {
    throw InputError((path.empty() ? name : path) +
                     ": the photograph is not there; name its folder with "
                     "--images");
  }
  std::ostringstream text;
  text << file.rdbuf();
  std::string bytes = std::move(text).str();
  if (!MediaType(bytes).empty()) return bytes;
  const auto jpeg = JpegOf(path);
  if (!jpeg) throw InputError(path + ": cannot be read as a photograph");
  return *jpeg;
}

FeatureSet FeaturesOf(const FeatureFile& file, const std::string& name,
                      const std::string& path) {
  auto features = file.FindAsStored(name);
  if (!features) throw InputError(path + ": has no photograph " + name);
  return std::move(*features);
}

Json ImageJson(const std::string& name, const FeatureSet& features) {
  return {{"path", name},
          {"width", features.image_width},
          {"height", features.image_height}};
}

Json KeypointsJson(const FeatureSet& features) {
  Json rows = Json::array();
  for (const Keypoint& k : features.keypoints) {
    rows.push_back({k.x, k.y, k.scale, k.angle, k.score});
  }
  return rows;
}

// 1 - d^2 / 2 of two descriptors; 0 where there are none.
double Similarity(const DescriptorMatrix& a, int i, const DescriptorMatrix& b,
                  int j) {
  if (a.cols == 0 || a.cols != b.cols) return 0;
  double squares = 0;
  for (int c = 0; c < a.cols; ++c) {
    const double d = a.Row(i)[c] - b.Row(j)[c];
    squares += d * d;
  }
  return 1 - squares / 2;
}

}  // namespace

MatchPageInput ViewOfPair(const PairViewTask& task) {
  const auto pair = MatchFile(task.matches).Find(task.first, task.second);
  if (!pair) {
    throw InputError(task.matches + ": has no pair " + task.first + " and " +
                     task.second);
  }
  const FeatureFile file(task.features);
  const FeatureSet a = FeaturesOf(file, task.first, task.features);
  const FeatureSet b = FeaturesOf(file, task.second, task.features);
  const ColmapTwoView geometry = pair->geometry.value_or(ColmapTwoView{});
  const std::set<std::pair<int, int>> inlier(geometry.inliers.begin(),
                                             geometry.inliers.end());
  Json matches = Json::array(), weights = Json::array(),
       inliers = Json::array();
  for (size_t k = 0; k < pair->matches.size(); ++k) {
    const auto& [i, j, score] = pair->matches[k];
    if (i >= std::ssize(a.keypoints) || j >= std::ssize(b.keypoints)) {
      throw InputError(task.matches + ": " + task.first + " and " +
                       task.second + " match keypoints that are not in " +
                       task.features);
    }
    matches.push_back({i, j, Similarity(a.descriptors, i, b.descriptors, j)});
    weights.push_back(score);
    if (inlier.contains({i, j})) inliers.push_back(k);
  }
  Json json = {{"image1", ImageJson(task.first, a)},
               {"image2", ImageJson(task.second, b)},
               {"keypoints1", KeypointsJson(a)},
               {"keypoints2", KeypointsJson(b)},
               {"matches", std::move(matches)},
               {"weights", std::move(weights)},
               {"inliers", std::move(inliers)}};
  if (geometry.fundamental) json["F"] = *geometry.fundamental;
  MatchPageInput page{
      .json = json.dump(-1, ' ', false, Json::error_handler_t::replace),
      .name = task.matches,
      .photographs = {}};
  for (const std::string& name : {task.first, task.second}) {
    page.photographs.push_back(
        ShownPhotograph(PhotographPath(task.photographs, name), name));
  }
  return page;
}

}  // namespace tiepoint
