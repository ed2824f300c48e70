// SPDX-License-Identifier: Apache-2.0
#include "evaluation/patch_set_from_sfm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "evaluation/patch_set.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/image/patch.h"
#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

using Vector2 = std::array<double, 2>;
using Vector3 = std::array<double, 3>;

struct Lens {
  double fx = 1, fy = 1, cx = 0, cy = 0;
  double k1 = 0, k2 = 0, p1 = 0, p2 = 0;
};

Lens LensOf(const ColmapCamera& camera) {
  const std::vector<double>& p = camera.params;
  if (camera.model == "SIMPLE_PINHOLE") return {p[0], p[0], p[1], p[2]};
  if (camera.model == "PINHOLE") return {p[0], p[1], p[2], p[3]};
  if (camera.model == "SIMPLE_RADIAL") return {p[0], p[0], p[1], p[2], p[3]};
  if (camera.model == "RADIAL") return {p[0], p[0], p[1], p[2], p[3], p[4]};
  if (camera.model == "OPENCV") {
    return {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
  }
  throw InputError("camera model " + camera.model + " is not supported");
}

Vector2 Project(const Lens& lens, const Vector3& p) {
  const double x = p[0] / p[2], y = p[1] / p[2];
  const double r2 = x * x + y * y;
  const double radial = 1 + lens.k1 * r2 + lens.k2 * r2 * r2;
  return {lens.fx * (x * radial + 2 * lens.p1 * x * y +
                     lens.p2 * (r2 + 2 * x * x)) +
              lens.cx,
          lens.fy * (y * radial + lens.p1 * (r2 + 2 * y * y) +
                     2 * lens.p2 * x * y) +
              lens.cy};
}

Vector3 CameraFromWorld(const ColmapImage& image, const Vector3& p) {
  const auto& r = image.rotation;
  const auto& t = image.translation;
  return {r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + t[0],
          r[3] * p[0] + r[4] * p[1] + r[5] * p[2] + t[1],
          r[6] * p[0] + r[7] * p[1] + r[8] * p[2] + t[2]};
}

// A direction in the image plane of a camera, in the world.
Vector3 WorldDirection(const ColmapImage& image, const Vector2& d) {
  const auto& r = image.rotation;
  return {r[0] * d[0] + r[3] * d[1], r[1] * d[0] + r[4] * d[1],
          r[2] * d[0] + r[5] * d[1]};
}

// How pixels change with a step in the plane parallel to the image.
struct Jacobian {
  double xx = 0, xy = 0, yx = 0, yy = 0;  // pixel x by camera x, by camera y

  double Determinant() const { return xx * yy - xy * yx; }
};

Jacobian JacobianAt(const Lens& lens, const Vector3& p) {
  const double h = 1e-5 * p[2];
  const auto change = [&](const Vector3& step) {
    const Vector2 a =
        Project(lens, {p[0] - step[0], p[1] - step[1], p[2] - step[2]});
    const Vector2 b =
        Project(lens, {p[0] + step[0], p[1] + step[1], p[2] + step[2]});
    return Vector2{(b[0] - a[0]) / (2 * h), (b[1] - a[1]) / (2 * h)};
  };
  const Vector2 x = change({h, 0, 0}), y = change({0, h, 0});
  return {x[0], y[0], x[1], y[1]};
}

// A point in one photograph.
struct View {
  int image_id = 0;
  double x = 0, y = 0;       // its observation
  double magnification = 0;  // pixels a unit of length
};

struct Point {
  int64_t id = 0;
  std::vector<View> views;  // by image
  int reference = 0;        // of `views`
  double radius = 0;        // sigma in the world
  Vector3 direction{};      // in the world; length does not matter

  const View& Reference() const { return views[reference]; }
};

// The views in which the point lies before the camera, one a photograph.
std::vector<View> ViewsOf(const ColmapModel& model, const ColmapPoint& point) {
  std::vector<View> views;
  std::set<int> seen;
  for (const auto& [image_id, index] : point.track) {
    const ColmapImage& image = model.images.at(image_id);
    const Lens lens = LensOf(model.cameras.at(image.camera_id));
    const Vector3 p = CameraFromWorld(image, point.position);
    if (!(p[2] > 0) || !seen.insert(image_id).second) continue;
    const double area = std::abs(JacobianAt(lens, p).Determinant());
    if (!(area > 0) || !std::isfinite(area)) continue;
    const auto& observation = image.observations[index];
    views.push_back({image_id, observation.x, observation.y, std::sqrt(area)});
  }
  std::sort(views.begin(), views.end(), [](const View& a, const View& b) {
    return a.image_id < b.image_id;
  });
  return views;
}

int MedianView(const std::vector<View>& views) {
  std::vector<int> order(views.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return std::pair(views[a].magnification, a) <
           std::pair(views[b].magnification, b);
  });
  return order[(order.size() - 1) / 2];
}

// Sigma in the reference view, such that all views stay in bounds.
struct SigmaRange {
  double low = 0, high = 0;
};

SigmaRange RangeOf(const Point& point, const SfmPatchOptions& options) {
  double least = point.Reference().magnification, most = least;
  for (const View& view : point.views) {
    least = std::min(least, view.magnification);
    most = std::max(most, view.magnification);
  }
  const double here = point.Reference().magnification;
  SigmaRange range{options.min_sigma * here / least,
                   options.max_sigma * here / most};
  if (range.low > range.high) {
    range.low = range.high = std::sqrt(range.low * range.high);
  }
  return range;
}

// Observations that are kept, by photograph, in cells of the smallest distance.
class TakenPlaces {
 public:
  explicit TakenPlaces(double distance) : distance_(distance) {}

  bool IsTaken(const Point& point) const {
    return std::any_of(point.views.begin(), point.views.end(),
                       [&](const View& view) { return IsTaken(view); });
  }

  void Take(const Point& point) {
    for (const View& view : point.views) {
      cells_[{view.image_id, Cell(view.x), Cell(view.y)}].push_back(
          {view.x, view.y});
    }
  }

 private:
  int64_t Cell(double x) const {
    return static_cast<int64_t>(std::floor(x / std::max(distance_, 1e-3)));
  }

  bool IsTaken(const View& view) const {
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const auto found =
            cells_.find({view.image_id, Cell(view.x) + dx, Cell(view.y) + dy});
        if (found == cells_.end()) continue;
        for (const Vector2& p : found->second) {
          if (std::hypot(p[0] - view.x, p[1] - view.y) < distance_) return true;
        }
      }
    }
    return false;
  }

  double distance_;
  std::map<std::tuple<int, int64_t, int64_t>, std::vector<Vector2>> cells_;
};

// Points with two views or more, by id, none on another.
std::vector<Point> ChoosePoints(const ColmapModel& model,
                                const SfmPatchOptions& options) {
  std::vector<Point> all;
  for (const auto& [id, colmap] : model.points) {
    Point point;
    point.id = id;
    point.views = ViewsOf(model, colmap);
    if (point.views.size() < 2) continue;
    point.reference = MedianView(point.views);
    all.push_back(std::move(point));
  }
  std::stable_sort(all.begin(), all.end(), [](const Point& a, const Point& b) {
    return a.views.size() > b.views.size();
  });
  TakenPlaces taken(options.min_distance);
  std::vector<Point> chosen;
  for (Point& point : all) {
    if (taken.IsTaken(point)) continue;
    taken.Take(point);
    chosen.push_back(std::move(point));
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Point& a, const Point& b) { return a.id < b.id; });
  return chosen;
}

// Strength of the scale-normalised Laplacian of Gaussian at (x, y).
double Laplacian(const ImagePyramid& pyramid, double x, double y,
                 double sigma) {
  constexpr int kReach = 8;      // steps
  constexpr double kStep = 0.5;  // sigma
  const PyramidSampler sampler(pyramid, kStep * sigma);
  double sum = 0, weights = 0, intensities = 0;
  for (int v = -kReach; v <= kReach; ++v) {
    for (int u = -kReach; u <= kReach; ++u) {
      const double r2 = kStep * kStep * (u * u + v * v);
      const double weight = (r2 - 2) * std::exp(-r2 / 2);
      const double intensity =
          sampler(x + kStep * sigma * u, y + kStep * sigma * v);
      sum += weight * intensity;
      weights += weight;
      intensities += intensity;
    }
  }
  // Nothing but the cut tails answers to a constant: taken out.
  const int count = (2 * kReach + 1) * (2 * kReach + 1);
  return std::abs(sum - weights * intensities / count);
}

double StrongestSigma(const ImagePyramid& pyramid, double x, double y,
                      const SigmaRange& range) {
  // Six scales an octave.
  const int steps =
      static_cast<int>(std::ceil(6 * std::log2(range.high / range.low)));
  double best = range.low, strongest = -1;
  for (int i = 0; i <= steps; ++i) {
    const double sigma =
        range.low * std::pow(range.high / range.low,
                             i / static_cast<double>(std::max(steps, 1)));
    const double strength = Laplacian(pyramid, x, y, sigma);
    if (strength > strongest) {
      strongest = strength;
      best = sigma;
    }
  }
  return best;
}

// Radius and direction of the points whose reference this photograph is.
void LookAtReference(const ColmapModel& model, const ImagePyramid& pyramid,
                     const OrientationEstimator& orientation,
                     const SfmPatchOptions& options, int image_id,
                     std::vector<Point*> points) {
  const ColmapImage& image = model.images.at(image_id);
  const Lens lens = LensOf(model.cameras.at(image.camera_id));
  std::vector<Keypoint> keypoints(points.size());
  ParallelFor(static_cast<int>(points.size()), [&](int i) {
    Point& point = *points[i];
    const View& view = point.Reference();
    const double sigma =
        StrongestSigma(pyramid, view.x, view.y, RangeOf(point, options));
    point.radius = sigma / view.magnification;
    keypoints[i].x = static_cast<float>(view.x);
    keypoints[i].y = static_cast<float>(view.y);
    keypoints[i].scale = static_cast<float>(sigma);
  });
  orientation.Estimate(pyramid, keypoints);
  for (size_t i = 0; i < points.size(); ++i) {
    const Vector3 p =
        CameraFromWorld(image, model.points.at(points[i]->id).position);
    const Jacobian j = JacobianAt(lens, p);
    const double c = std::cos(keypoints[i].angle);
    const double s = std::sin(keypoints[i].angle);
    // The step (times the determinant, whose sign matters) that moves the
    // pixel in this direction.
    const double sign = j.Determinant() < 0 ? -1 : 1;
    points[i]->direction = WorldDirection(
        image, {sign * (j.yy * c - j.xy * s), sign * (j.xx * s - j.yx * c)});
  }
}

// Where the direction of the point goes in a photograph.
double AngleIn(const ColmapModel& model, const Point& point, int image_id) {
  const ColmapImage& image = model.images.at(image_id);
  const Lens lens = LensOf(model.cameras.at(image.camera_id));
  const Vector3& centre = model.points.at(point.id).position;
  const Vector3& d = point.direction;
  const double length = std::hypot(d[0], d[1], d[2]);
  // A step of a thousandth of the radius, both ways.
  const double h = 1e-3 * point.radius / std::max(length, 1e-300);
  const auto at = [&](double step) {
    return Project(lens, CameraFromWorld(image, {centre[0] + step * d[0],
                                                 centre[1] + step * d[1],
                                                 centre[2] + step * d[2]}));
  };
  const Vector2 before = at(-h), after = at(h);
  return std::atan2(after[1] - before[1], after[0] - before[0]);
}

bool LeavesImage(const PatchPlace& place, double half_width,
                 const ColmapCamera& camera) {
  // Of a turned square.
  const double reach =
      half_width * place.sigma *
      (std::abs(std::cos(place.angle)) + std::abs(std::sin(place.angle)));
  return place.x - reach < -0.5 || place.y - reach < -0.5 ||
         place.x + reach > camera.width - 0.5 ||
         place.y + reach > camera.height - 0.5;
}

// Of the points with two patches or more, by point, then image.
std::vector<PatchPlace> PlacesOf(const ColmapModel& model,
                                 const std::vector<Point>& points,
                                 const SfmPatchOptions& options) {
  std::vector<std::vector<PatchPlace>> each(points.size());
  ParallelFor(static_cast<int>(points.size()), [&](int i) {
    const Point& point = points[i];
    for (const View& view : point.views) {
      const PatchPlace place{point.id,
                             view.image_id,
                             view.x,
                             view.y,
                             point.radius * view.magnification,
                             AngleIn(model, point, view.image_id)};
      // Rounding must not shut out the ends of the range.
      constexpr double kSlack = 1 + 1e-9;
      const ColmapCamera& camera =
          model.cameras.at(model.images.at(view.image_id).camera_id);
      if (place.sigma * kSlack < options.min_sigma ||
          place.sigma > kSlack * options.max_sigma ||
          LeavesImage(place, options.half_width, camera)) {
        continue;
      }
      each[i].push_back(place);
    }
  });
  std::vector<PatchPlace> places;
  for (const auto& some : each) {
    if (some.size() < 2) continue;
    places.insert(places.end(), some.begin(), some.end());
  }
  return places;
}

void SampleRounded(const ImagePyramid& pyramid, const PatchPlace& place,
                   double half_width, uint8_t* pixels) {
  PatchGeometry geometry;
  geometry.size = kPatchSide;
  geometry.support = half_width;
  std::array<float, kPatchPixels> patch;
  SamplePatch(pyramid, place.x, place.y, place.sigma, place.angle, geometry,
              patch.data());
  for (const float value : patch) {
    *pixels++ =
        static_cast<uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f)));
  }
}

// Places by photograph: indices into `places`.
std::map<int, std::vector<int>> ByImage(const std::vector<PatchPlace>& places) {
  std::map<int, std::vector<int>> result;
  for (size_t i = 0; i < places.size(); ++i) {
    result[places[i].image_id].push_back(static_cast<int>(i));
  }
  return result;
}

ImagePyramid ReadPyramid(
    const ColmapModel& model, int image_id,
    const std::function<GrayImage(const ColmapImage&)>& read) {
  const ColmapImage& image = model.images.at(image_id);
  const ColmapCamera& camera = model.cameras.at(image.camera_id);
  GrayImage gray = read(image);
  if (gray.width != camera.width || gray.height != camera.height) {
    throw InputError(
        image.name + ": is " + std::to_string(gray.width) + " x " +
        std::to_string(gray.height) + " pixels, but its camera in the model " +
        std::to_string(camera.width) + " x " + std::to_string(camera.height));
  }
  return ImagePyramid(std::move(gray));
}

std::string PlacesText(const ColmapModel& model, const CutPatches& cut,
                       std::span<const int> points) {
  std::string text = "point,colmap_point,photograph,x,y,sigma,angle\n";
  for (size_t i = 0; i < cut.places.size(); ++i) {
    const PatchPlace& place = cut.places[i];
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

CutPatches CutPatchesFromModel(
    const ColmapModel& model,
    const std::function<GrayImage(const ColmapImage&)>& read,
    const SfmPatchOptions& options) {
  std::vector<Point> points = ChoosePoints(model, options);
  std::map<int, std::vector<Point*>> by_reference;
  for (Point& point : points) {
    by_reference[point.Reference().image_id].push_back(&point);
  }
  const auto orientation = MakeOpenCvOrientation("sift");
  for (auto& [image_id, some] : by_reference) {
    LookAtReference(model, ReadPyramid(model, image_id, read), *orientation,
                    options, image_id, std::move(some));
  }
  CutPatches cut;
  cut.places = PlacesOf(model, points, options);
  cut.pixels.resize(cut.places.size() * kPatchPixels);
  for (const auto& by_image : ByImage(cut.places)) {
    const std::vector<int>& some = by_image.second;
    const ImagePyramid pyramid = ReadPyramid(model, by_image.first, read);
    ParallelFor(static_cast<int>(some.size()), [&](int i) {
      SampleRounded(
          pyramid, cut.places[some[i]], options.half_width,
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
