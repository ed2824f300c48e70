// SPDX-License-Identifier: Apache-2.0
// Photographs of a plane, Z = 0 in the world, rendered from known cameras, and
// the COLMAP model that belongs to them: for tests.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "tiepoint/base/random.h"
#include "tiepoint/image/gray_image.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint::synthetic_plane {

inline constexpr double kDegree = std::numbers::pi / 180;
inline constexpr int kWidth = 320, kHeight = 240;
inline constexpr double kFocal = 300, kCx = 160, kCy = 118, kK1 = -0.08;

// Blobs and ramps of about a tenth of a unit; a unit is some 75 pixels.
class Texture {
 public:
  Texture() {
    Random random(11);
    for (double& value : grid_) value = random.Uniform(20, 235);
  }
  double At(double x, double y) const {
    const double u = 10 * x + 100, v = 10 * y + 100;
    const int i = static_cast<int>(u), j = static_cast<int>(v);
    const double a = Smooth(u - i), b = Smooth(v - j);
    return (1 - b) * ((1 - a) * Grid(i, j) + a * Grid(i + 1, j)) +
           b * ((1 - a) * Grid(i, j + 1) + a * Grid(i + 1, j + 1));
  }

 private:
  static double Smooth(double t) { return t * t * (3 - 2 * t); }
  double Grid(int i, int j) const {
    return grid_[static_cast<size_t>(j & 127) * 128 + (i & 127)];
  }
  std::array<double, 128 * 128> grid_;
};

// Looks down along -Z from (x, y, height), turned by `turn` about its axis,
// with `tilt` about its x axis.
inline ColmapImage MakeImage(const std::string& name, double x, double y,
                             double height, double turn, double tilt) {
  const double c = std::cos(turn), s = std::sin(turn);
  const double ct = std::cos(tilt), st = std::sin(tilt);
  ColmapImage image;
  image.camera_id = 1;
  image.name = name;
  // Rx(tilt) Rz(turn) diag(1, -1, -1).
  image.rotation = {c, s, 0, ct * s, -ct * c, st, st * s, -st * c, -ct};
  const auto& r = image.rotation;
  image.translation = {-(r[0] * x + r[1] * y + r[2] * height),
                       -(r[3] * x + r[4] * y + r[5] * height),
                       -(r[6] * x + r[7] * y + r[8] * height)};
  return image;
}

inline std::array<double, 3> ToCamera(const ColmapImage& image, double x,
                                      double y) {
  const auto& r = image.rotation;
  const auto& t = image.translation;
  return {r[0] * x + r[1] * y + t[0], r[3] * x + r[4] * y + t[1],
          r[6] * x + r[7] * y + t[2]};
}

inline std::array<double, 2> Pixel(const std::array<double, 3>& p) {
  const double x = p[0] / p[2], y = p[1] / p[2];
  const double factor = 1 + kK1 * (x * x + y * y);
  return {kFocal * x * factor + kCx, kFocal * y * factor + kCy};
}

inline GrayImage Render(const ColmapImage& image) {
  static const Texture texture;
  const auto& r = image.rotation;
  const auto& t = image.translation;
  GrayImage gray(kWidth, kHeight);
  for (int v = 0; v < kHeight; ++v) {
    for (int u = 0; u < kWidth; ++u) {
      const double xd = (u - kCx) / kFocal, yd = (v - kCy) / kFocal;
      double x = xd, y = yd;
      for (int i = 0; i < 20; ++i) {
        const double factor = 1 + kK1 * (x * x + y * y);
        x = xd / factor;
        y = yd / factor;
      }
      // R^T ((x, y, 1) depth - t) has Z = 0.
      const double dz = r[2] * x + r[5] * y + r[8];
      const double tz = r[2] * t[0] + r[5] * t[1] + r[8] * t[2];
      const double depth = tz / dz;
      const double px = depth * x - t[0], py = depth * y - t[1],
                   pz = depth - t[2];
      gray.At(u, v) =
          static_cast<float>(texture.At(r[0] * px + r[3] * py + r[6] * pz,
                                        r[1] * px + r[4] * py + r[7] * pz));
    }
  }
  return gray;
}

inline void AddPoint(ColmapModel& model, int64_t id, double x, double y) {
  ColmapPoint& point = model.points[id];
  point.position = {x, y, 0};
  for (auto& [image_id, image] : model.images) {
    const auto p = Pixel(ToCamera(image, x, y));
    if (p[0] < 0 || p[1] < 0 || p[0] > kWidth - 1 || p[1] > kHeight - 1) {
      continue;
    }
    point.track.emplace_back(image_id,
                             static_cast<int>(image.observations.size()));
    image.observations.push_back({p[0], p[1], id});
  }
}

// 7 x 9 points, 0.3 units apart, seen by these images.
inline ColmapModel MakeModel(const std::vector<ColmapImage>& images) {
  ColmapModel model;
  model.cameras[1] = {
      "SIMPLE_RADIAL", kWidth, kHeight, {kFocal, kCx, kCy, kK1}};
  for (const ColmapImage& image : images) {
    model.images[static_cast<int>(model.images.size()) + 1] = image;
  }
  int64_t id = 10;
  for (int y = -3; y <= 3; ++y) {
    for (int x = -4; x <= 4; ++x) AddPoint(model, id++, 0.3 * x, 0.3 * y);
  }
  return model;
}

// View 2: turned a quarter, nearer; view 3: turned back a little, aslant.
inline ColmapModel MakeModel() {
  return MakeModel(
      {MakeImage("one.png", 0, 0, 4, 0, 0),
       MakeImage("two.png", 0.2, 0.1, 3, 90 * kDegree, 0),
       MakeImage("three.png", -0.1, 0.9, 4, -30 * kDegree, 14 * kDegree)});
}

// w x y z of a rotation.
inline std::array<double, 4> Quaternion(const std::array<double, 9>& r) {
  // Four forms; the one that divides by the largest of the four numbers.
  const std::array<double, 4> squares{
      1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8],
      1 - r[0] - r[4] + r[8]};
  const auto largest = std::max_element(squares.begin(), squares.end());
  const double s = 2 * std::sqrt(*largest);
  switch (largest - squares.begin()) {
    case 0:
      return {s / 4, (r[7] - r[5]) / s, (r[2] - r[6]) / s, (r[3] - r[1]) / s};
    case 1:
      return {(r[7] - r[5]) / s, s / 4, (r[1] + r[3]) / s, (r[2] + r[6]) / s};
    case 2:
      return {(r[2] - r[6]) / s, (r[1] + r[3]) / s, s / 4, (r[5] + r[7]) / s};
    default:
      return {(r[3] - r[1]) / s, (r[2] + r[6]) / s, (r[5] + r[7]) / s, s / 4};
  }
}

// As COLMAP writes it: its first pixel centre is (0.5, 0.5).
inline void WriteModel(const ColmapModel& model,
                       const std::filesystem::path& folder) {
  std::ofstream cameras(folder / "cameras.txt");
  cameras.precision(17);
  cameras << "1 SIMPLE_RADIAL " << kWidth << " " << kHeight << " " << kFocal
          << " " << kCx + 0.5 << " " << kCy + 0.5 << " " << kK1 << "\n";
  std::ofstream images(folder / "images.txt");
  images.precision(17);
  for (const auto& [id, image] : model.images) {
    images << id;
    for (const double q : Quaternion(image.rotation)) images << " " << q;
    for (const double t : image.translation) images << " " << t;
    images << " 1 " << image.name << "\n";
    for (const auto& o : image.observations) {
      images << o.x + 0.5 << " " << o.y + 0.5 << " " << o.point3D_id << " ";
    }
    images << "\n";
  }
  std::ofstream points(folder / "points3D.txt");
  points.precision(17);
  for (const auto& [id, point] : model.points) {
    points << id;
    for (const double x : point.position) points << " " << x;
    points << " 0 0 0 0.1";
    for (const auto& [image, index] : point.track) {
      points << " " << image << " " << index;
    }
    points << "\n";
  }
}

// By the names in the model.
inline void WritePhotographs(const ColmapModel& model,
                             const std::filesystem::path& folder) {
  for (const auto& entry : model.images) {
    GrayImage gray = Render(entry.second);
    const cv::Mat view(kHeight, kWidth, CV_32F, gray.pixels.data());
    cv::Mat bytes;
    view.convertTo(bytes, CV_8U);
    cv::imwrite((folder / entry.second.name).string(), bytes);
  }
}

}  // namespace tiepoint::synthetic_plane
