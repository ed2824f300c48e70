// SPDX-License-Identifier: Apache-2.0
#include "view/model_view.h"

#include <algorithm>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tiepoint/base/parallel.h"
#include "tiepoint/pipeline/prior_camera.h"
#include "view/photograph_path.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr int kThumbnailQuality = 82;  // of JPEG

// Pixels as they are stored, in a small JPEG; empty when that is not possible.
std::string ThumbnailOf(const std::string& path, int size) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "";
  try {
    const cv::Mat whole = cv::imread(
        path, cv::IMREAD_REDUCED_COLOR_2 | cv::IMREAD_IGNORE_ORIENTATION);
    if (whole.empty()) return "";
    const double scale = std::min(
        1.0, static_cast<double>(size) / std::max(whole.cols, whole.rows));
    cv::Mat small;
    cv::resize(whole, small, {}, scale, scale, cv::INTER_AREA);
    std::vector<unsigned char> bytes;
    cv::imencode(".jpg", small, bytes,
                 {cv::IMWRITE_JPEG_QUALITY, kThumbnailQuality});
    return {bytes.begin(), bytes.end()};
  } catch (const cv::Exception&) {
    return "";
  }
}

void AddThumbnails(ModelPageInput& page, const ModelViewOptions& options) {
  const int count = static_cast<int>(page.cameras.size());
  if (options.photographs.empty()) {
    page.notes.emplace_back(
        "The photographs are not shown: their folder is not known (--images).");
    return;
  }
  if (count > options.max_thumbnails) {
    page.notes.push_back("The photographs are not shown: there are more than " +
                         std::to_string(options.max_thumbnails) + ".");
    return;
  }
  ParallelFor(count, [&](int i) {
    PageCamera& camera = page.cameras[i];
    camera.thumbnail =
        ThumbnailOf(PhotographPath(options.photographs, camera.name),
                    options.thumbnail_size);
  });
  const auto missing =
      std::count_if(page.cameras.begin(), page.cameras.end(),
                    [](const PageCamera& c) { return c.thumbnail.empty(); });
  if (missing > 0) {
    page.notes.push_back(std::to_string(missing) + " of " +
                         std::to_string(count) +
                         " photographs are not in the folder of photographs.");
  }
}

PageCamera CameraOf(const ColmapImage& image, const ColmapCamera& camera) {
  const PinholeCamera pinhole = PinholeOf(camera);
  return {.name = image.name,
          .rotation = image.rotation,
          .translation = image.translation,
          .width = camera.width,
          .height = camera.height,
          .fx = pinhole.fx,
          .fy = pinhole.fy,
          .cx = pinhole.cx,
          .cy = pinhole.cy};
}

}  // namespace

ModelPageInput ViewOfModel(
    const ColmapModel& model, const std::string& title,
    const std::map<std::string, std::vector<PagePartner>>& partners,
    const ModelViewOptions& options) {
  ModelPageInput page;
  page.title = title;
  std::map<int64_t, uint32_t> place;
  for (const auto& [id, point] : model.points) {
    place[id] = static_cast<uint32_t>(page.points.size());
    page.points.push_back({.position = point.position,
                           .colour = point.colour,
                           .track_length = static_cast<int>(point.track.size()),
                           .error = point.error});
  }
  for (const auto& [id, image] : model.images) {
    PageCamera camera = CameraOf(image, model.cameras.at(image.camera_id));
    for (const ColmapImage::Observation& observation : image.observations) {
      if (observation.point3D_id < 0) continue;
      camera.points.push_back(place.at(observation.point3D_id));
    }
    const auto found = partners.find(image.name);
    if (found != partners.end()) camera.partners = found->second;
    page.cameras.push_back(std::move(camera));
  }
  std::sort(page.cameras.begin(), page.cameras.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  AddThumbnails(page, options);
  return page;
}

}  // namespace tiepoint
