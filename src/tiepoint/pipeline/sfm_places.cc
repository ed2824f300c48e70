// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/sfm_places.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/features/opencv_features.h"
#include "tiepoint/io/colmap_geometry.h"

namespace tiepoint {
namespace {

// A point in one photograph.
struct View {
  int image_id = 0;
  double x = 0, y = 0;       // its observation, or where it is projected to
  double magnification = 0;  // pixels a unit of length
};

struct Point {
  int64_t id = 0;
  std::vector<View> views;      // observations, by image
  std::vector<View> projected;  // further ones, by image
  int reference = 0;            // of `views`
  double radius = 0;            // sigma in the world
  Vector3 direction{};          // in the world; length does not matter

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

SigmaRange RangeOf(const Point& point, const SfmPlaceOptions& options) {
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
    const auto taken = [&](const View& view) { return IsTaken(view); };
    return std::any_of(point.views.begin(), point.views.end(), taken) ||
           std::any_of(point.projected.begin(), point.projected.end(), taken);
  }

  void Take(const Point& point) {
    for (const auto* views : {&point.views, &point.projected}) {
      for (const View& view : *views) {
        cells_[{view.image_id, Cell(view.x), Cell(view.y)}].push_back(
            {view.x, view.y});
      }
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

// ---------------------------------------------------------------- projection

// What a photograph is known to show.
struct DepthSample {
  double x = 0, y = 0, depth = 0;
};

std::map<int, std::vector<DepthSample>> ObservedDepths(
    const ColmapModel& model) {
  std::map<int, std::vector<DepthSample>> depths;
  for (const auto& [image_id, image] : model.images) {
    for (const auto& o : image.observations) {
      if (o.point3D_id < 0) continue;
      const double depth =
          CameraFromWorld(image, model.points.at(o.point3D_id).position)[2];
      if (depth > 0) depths[image_id].push_back({o.x, o.y, depth});
    }
  }
  return depths;
}

constexpr double kDepthSlack = 1.03;

bool AgreesWithNeighbours(const std::vector<DepthSample>& samples,
                          const DepthSample& at, double radius) {
  constexpr size_t kNeighbours = 6;
  constexpr double kSpread = 1.1;
  std::vector<std::pair<double, double>> near;  // distance, depth
  for (const DepthSample& s : samples) {
    const double distance = std::hypot(s.x - at.x, s.y - at.y);
    if (distance <= radius) near.emplace_back(distance, s.depth);
  }
  if (near.size() < kNeighbours) return false;
  std::partial_sort(near.begin(), near.begin() + kNeighbours, near.end());
  double least = near[0].second, most = least;
  for (size_t i = 1; i < kNeighbours; ++i) {
    least = std::min(least, near[i].second);
    most = std::max(most, near[i].second);
  }
  return most <= kSpread * least && at.depth * kDepthSlack >= least &&
         at.depth <= kDepthSlack * most;
}

double AngleBetween(const Vector3& a, const Vector3& b) {
  const Vector3 cross{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                      a[0] * b[1] - a[1] * b[0]};
  return std::atan2(std::hypot(cross[0], cross[1], cross[2]),
                    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
}

// Finds photographs that show a point without an observation of it.
class Projector {
 public:
  Projector(const ColmapModel& model, const SfmPlaceOptions& options)
      : model_(model), options_(options) {
    if (!options.depth) depths_ = ObservedDepths(model);
  }

  std::vector<View> Further(const Point& point) const {
    std::vector<View> further;
    for (const auto& entry : model_.images) {
      const int image_id = entry.first;
      const ColmapImage& image = entry.second;
      const bool observed =
          std::any_of(point.views.begin(), point.views.end(),
                      [&](const View& v) { return v.image_id == image_id; });
      if (observed || !IsSeenAlike(point, image)) continue;
      const auto view = ProjectInto(point, image_id, image);
      if (view) further.push_back(*view);
    }
    return further;
  }

 private:
  Vector3 RayFrom(const ColmapImage& image, const Vector3& p) const {
    const Vector3 c = CameraCentre(image);
    return {p[0] - c[0], p[1] - c[1], p[2] - c[2]};
  }

  bool IsSeenAlike(const Point& point, const ColmapImage& image) const {
    const Vector3& p = model_.points.at(point.id).position;
    const Vector3 ray = RayFrom(image, p);
    const double limit = options_.max_view_angle * std::numbers::pi / 180;
    return std::all_of(
        point.views.begin(), point.views.end(), [&](const View& view) {
          return AngleBetween(
                     ray, RayFrom(model_.images.at(view.image_id), p)) < limit;
        });
  }

  std::optional<View> ProjectInto(const Point& point, int image_id,
                                  const ColmapImage& image) const {
    const ColmapCamera& camera = model_.cameras.at(image.camera_id);
    const Lens lens = LensOf(camera);
    const Vector3 p =
        CameraFromWorld(image, model_.points.at(point.id).position);
    if (!(p[2] > 0)) return std::nullopt;
    const Vector2 at = Project(lens, p);
    if (!(at[0] >= 0 && at[1] >= 0 && at[0] <= camera.width - 1 &&
          at[1] <= camera.height - 1)) {
      return std::nullopt;
    }
    // Not above 0 where strong distortion folds far points into the picture.
    const double area = JacobianAt(lens, p).Determinant();
    if (!(area > 0) || !ShowsDepth(image_id, camera, {at[0], at[1], p[2]})) {
      return std::nullopt;
    }
    return View{image_id, at[0], at[1], std::sqrt(area)};
  }

  bool ShowsDepth(int image_id, const ColmapCamera& camera,
                  const DepthSample& at) const {
    if (options_.depth) {
      const double depth = options_.depth(image_id, at.x, at.y);
      return depth > 0 && at.depth * kDepthSlack >= depth &&
             at.depth <= kDepthSlack * depth;
    }
    const auto found = depths_.find(image_id);
    return found != depths_.end() &&
           AgreesWithNeighbours(found->second, at,
                                std::max(camera.width, camera.height) / 20.0);
  }

  const ColmapModel& model_;
  const SfmPlaceOptions& options_;
  std::map<int, std::vector<DepthSample>> depths_;
};

// ------------------------------------------------------------------- points

// Points with two views or more, by id, none on another.
std::vector<Point> ChoosePoints(const ColmapModel& model,
                                const SfmPlaceOptions& options) {
  std::vector<Point> all;
  for (const auto& [id, colmap] : model.points) {
    Point point;
    point.id = id;
    point.views = ViewsOf(model, colmap);
    if (point.views.size() < 2) continue;
    point.reference = MedianView(point.views);
    all.push_back(std::move(point));
  }
  if (options.project) {
    const Projector projector(model, options);
    ParallelFor(static_cast<int>(all.size()),
                [&](int i) { all[i].projected = projector.Further(all[i]); });
  }
  std::stable_sort(all.begin(), all.end(), [](const Point& a, const Point& b) {
    return a.views.size() + a.projected.size() >
           b.views.size() + b.projected.size();
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
                     const SfmPlaceOptions& options, int image_id,
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

bool LeavesImage(const SfmPlace& place, const SfmPlaceOptions& options,
                 const ColmapCamera& camera) {
  const double turn = options.any_turn ? std::numbers::sqrt2
                                       : std::abs(std::cos(place.angle)) +
                                             std::abs(std::sin(place.angle));
  const double reach = options.half_width * place.sigma * turn;
  return place.x - reach < -0.5 || place.y - reach < -0.5 ||
         place.x + reach > camera.width - 0.5 ||
         place.y + reach > camera.height - 0.5;
}

std::vector<SfmPlace> PlacesOfPoint(const ColmapModel& model,
                                    const Point& point,
                                    const SfmPlaceOptions& options) {
  std::vector<SfmPlace> places;
  const auto add = [&](const View& view, bool observed) {
    const SfmPlace place{point.id,
                         view.image_id,
                         view.x,
                         view.y,
                         point.radius * view.magnification,
                         AngleIn(model, point, view.image_id),
                         observed};
    // Rounding must not shut out the ends of the range.
    constexpr double kSlack = 1 + 1e-9;
    const ColmapCamera& camera =
        model.cameras.at(model.images.at(view.image_id).camera_id);
    if (place.sigma * kSlack >= options.min_sigma &&
        place.sigma <= kSlack * options.max_sigma &&
        !LeavesImage(place, options, camera)) {
      places.push_back(place);
    }
  };
  for (const View& view : point.views) add(view, true);
  for (const View& view : point.projected) add(view, false);
  std::sort(places.begin(), places.end(),
            [](const SfmPlace& a, const SfmPlace& b) {
              return a.image_id < b.image_id;
            });
  return places;
}

}  // namespace

std::vector<SfmPlace> FindSfmPlaces(const ColmapModel& model,
                                    const ReadSfmPhotograph& read,
                                    const SfmPlaceOptions& options) {
  std::vector<Point> points = ChoosePoints(model, options);
  std::map<int, std::vector<Point*>> by_reference;
  for (Point& point : points) {
    by_reference[point.Reference().image_id].push_back(&point);
  }
  const auto orientation = MakeOpenCvOrientation("sift");
  for (auto& [image_id, some] : by_reference) {
    LookAtReference(model, ReadSfmPyramid(model, image_id, read), *orientation,
                    options, image_id, std::move(some));
  }
  std::vector<std::vector<SfmPlace>> each(points.size());
  ParallelFor(static_cast<int>(points.size()), [&](int i) {
    each[i] = PlacesOfPoint(model, points[i], options);
  });
  std::vector<SfmPlace> places;
  for (const auto& some : each) {
    if (some.size() < 2) continue;
    places.insert(places.end(), some.begin(), some.end());
  }
  return places;
}

std::map<int, std::vector<int>> PlacesByImage(
    const std::vector<SfmPlace>& places) {
  std::map<int, std::vector<int>> result;
  for (size_t i = 0; i < places.size(); ++i) {
    result[places[i].image_id].push_back(static_cast<int>(i));
  }
  return result;
}

ImagePyramid ReadSfmPyramid(const ColmapModel& model, int image_id,
                            const ReadSfmPhotograph& read) {
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

}  // namespace tiepoint
