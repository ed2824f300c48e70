// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/score_maps.h"

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "tiepoint/base/parallel.h"
#include "tiepoint/features/mark_peaks.h"

namespace tiepoint {
namespace {

// The quartic through five equally spaced values at -2..2: weights of its
// value, first and second derivative at t.
struct QuarticWeights {
  std::array<double, 5> value, first, second;
};

QuarticWeights MakeQuarticWeights(double t) {
  // Monomial coefficients (t^0 .. t^4) of the five Lagrange polynomials, in
  // units of 1/24.
  static constexpr double kLagrange[5][5] = {{0, 2, -1, -2, 1},
                                             {0, -16, 16, 4, -4},
                                             {24, 0, -30, 0, 6},
                                             {0, 16, 16, -4, -4},
                                             {0, -2, -1, 2, 1}};
  QuarticWeights w;
  for (int k = 0; k < 5; ++k) {
    const double* c = kLagrange[k];
    w.value[k] = (c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])))) / 24;
    w.first[k] = (c[1] + t * (2 * c[2] + t * (3 * c[3] + t * 4 * c[4]))) / 24;
    w.second[k] = (2 * c[2] + t * (6 * c[3] + t * 12 * c[4])) / 24;
  }
  return w;
}

// Value, gradient and Hessian over (x, y) of the tensor-product quartic around
// the pixel (x, y), at the offset (dx, dy).
struct Surface {
  double value = 0;
  Eigen::Vector2d gradient = Eigen::Vector2d::Zero();
  Eigen::Matrix2d hessian = Eigen::Matrix2d::Zero();
};

Surface FitSurface(const GrayImage& scores, int x, int y,
                   const Eigen::Vector2d& offset) {
  const QuarticWeights wx = MakeQuarticWeights(offset.x());
  const QuarticWeights wy = MakeQuarticWeights(offset.y());
  Surface s;
  for (int j = 0; j < 5; ++j) {
    const float* row = scores.Row(y + j - 2) + x - 2;
    double v = 0, d = 0, dd = 0;
    for (int i = 0; i < 5; ++i) {
      v += wx.value[i] * row[i];
      d += wx.first[i] * row[i];
      dd += wx.second[i] * row[i];
    }
    s.value += wy.value[j] * v;
    s.gradient += Eigen::Vector2d(wy.value[j] * d, wy.first[j] * v);
    const double xy = wy.first[j] * d;
    s.hessian(0, 0) += wy.value[j] * dd;
    s.hessian(1, 1) += wy.second[j] * v;
    s.hessian(0, 1) += xy;
    s.hessian(1, 0) += xy;
  }
  return s;
}

// Cubic convolution at (x, y) in map pixels; nothing where it lacks neighbours.
std::optional<double> SampleCubic(const GrayImage& image, double x, double y) {
  const int x0 = static_cast<int>(std::floor(x));
  const int y0 = static_cast<int>(std::floor(y));
  if (x0 < 1 || y0 < 1 || x0 + 2 >= image.width || y0 + 2 >= image.height) {
    return std::nullopt;
  }
  const auto weights = [](double t) {
    return std::array<double, 4>{
        ((-0.5 * t + 1.0) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};
  };
  const auto wx = weights(x - x0), wy = weights(y - y0);
  double sum = 0;
  for (int j = 0; j < 4; ++j) {
    const float* row = image.Row(y0 - 1 + j) + x0 - 1;
    sum += wy[j] *
           (wx[0] * row[0] + wx[1] * row[1] + wx[2] * row[2] + wx[3] * row[3]);
  }
  return sum;
}

// The score of the level `other` at what is (x, y) on the level `map`.
std::optional<double> SampleOther(const ScoreMap& map, const ScoreMap& other,
                                  double x, double y) {
  return SampleCubic(other.scores, other.MapFromImage(map.ImageFromMap(x)),
                     other.MapFromImage(map.ImageFromMap(y)));
}

// Equal scores (a structure exactly between two pixels) go to the first in
// raster order, so that neither is lost.
bool IsLevelMaximum(const GrayImage& scores, int x, int y, int radius,
                    float min_prominence) {
  const float peak = scores.At(x, y);
  float lowest = peak;
  // The nearest rows first: they refuse most pixels at once.
  for (int step = 0; step <= 2 * radius; ++step) {
    const int dy = step % 2 ? -(step + 1) / 2 : step / 2;
    const float* row = scores.Row(y + dy) + x;
    for (int dx = -radius; dx <= radius; ++dx) {
      if (dx == 0 && dy == 0) continue;
      const bool earlier = dy < 0 || (dy == 0 && dx < 0);
      if (!(row[dx] < peak || (row[dx] == peak && !earlier))) return false;
      lowest = std::min(lowest, row[dx]);
    }
  }
  return peak - lowest >= min_prominence;
}

// Whether `peak` exceeds the whole window of the level `other` around the place
// of (x, y); the finer of two equal levels wins. Places outside the other map
// do not object.
bool ExceedsLevel(const ScoreMap& map, const ScoreMap& other, int x, int y,
                  int radius) {
  const float peak = map.scores.At(x, y);
  const int u =
      static_cast<int>(std::lround(other.MapFromImage(map.ImageFromMap(x))));
  const int v =
      static_cast<int>(std::lround(other.MapFromImage(map.ImageFromMap(y))));
  const GrayImage& s = other.scores;
  const bool finer = other.spacing < map.spacing;
  for (int j = std::max(v - radius, 0); j <= std::min(v + radius, s.height - 1);
       ++j) {
    for (int i = std::max(u - radius, 0);
         i <= std::min(u + radius, s.width - 1); ++i) {
      if (!(s.At(i, j) < peak || (s.At(i, j) == peak && !finer))) return false;
    }
  }
  return true;
}

bool OnEdge(const Eigen::Matrix2d& hessian, double edge_ratio) {
  const double det = hessian.determinant();
  const double trace = hessian.trace();
  if (!(det > 0)) return true;
  return trace * trace / det >=
         (edge_ratio + 1) * (edge_ratio + 1) / edge_ratio;
}

// Derivatives that involve the scale axis (unit: one level); zero where a
// neighbouring level does not reach.
struct ScaleDerivatives {
  double first = 0, second = -1;
  Eigen::Vector2d mixed = Eigen::Vector2d::Zero();
};

// `value`: the score of `map` at (x, y).
ScaleDerivatives DifferentiateScale(const ScoreMap& map, const ScoreMap& finer,
                                    const ScoreMap& coarser, double x, double y,
                                    double value) {
  // Both levels at the five points of the cross around (x, y).
  static constexpr int kDx[5] = {0, -1, 1, 0, 0};
  static constexpr int kDy[5] = {0, 0, 0, -1, 1};
  double below[5], above[5];
  for (int k = 0; k < 5; ++k) {
    const auto b = SampleOther(map, finer, x + kDx[k], y + kDy[k]);
    const auto a = SampleOther(map, coarser, x + kDx[k], y + kDy[k]);
    if (!a || !b) return {};
    below[k] = *b;
    above[k] = *a;
  }
  ScaleDerivatives d;
  d.first = (above[0] - below[0]) / 2;
  d.second = above[0] + below[0] - 2 * value;
  d.mixed = {(above[2] - above[1] - below[2] + below[1]) / 4,
             (above[4] - above[3] - below[4] + below[3]) / 4};
  return d;
}

// The refined keypoint, or nothing when it is on an edge or runs away.
std::optional<Keypoint> Refine(const std::vector<ScoreMap>& maps, int level,
                               int x, int y, const MaximaOptions& options) {
  const ScoreMap& map = maps[level];
  const Surface centre = FitSurface(map.scores, x, y, Eigen::Vector2d::Zero());
  if (OnEdge(centre.hessian, options.edge_ratio)) return std::nullopt;
  const auto scale_at = [&](double u, double v, double value) {
    if (level == 0 || level + 1 == static_cast<int>(maps.size())) {
      return ScaleDerivatives();
    }
    return DifferentiateScale(map, maps[level - 1], maps[level + 1], u, v,
                              value);
  };
  const ScaleDerivatives scale = scale_at(x, y, centre.value);

  Eigen::Matrix3d hessian;
  hessian.topLeftCorner<2, 2>() = centre.hessian;
  hessian.topRightCorner<2, 1>() = scale.mixed;
  hessian.bottomLeftCorner<1, 2>() = scale.mixed.transpose();
  hessian(2, 2) = scale.second;
  const Eigen::Vector3d gradient(centre.gradient.x(), centre.gradient.y(),
                                 scale.first);
  if (!(std::abs(hessian.determinant()) > 1e-20)) return std::nullopt;
  const Eigen::Vector3d step = -hessian.inverse() * gradient;
  if (!(step.cwiseAbs().maxCoeff() < options.max_step)) return std::nullopt;

  Eigen::Vector2d place = step.head<2>();
  for (int iteration = 0; iteration < 3; ++iteration) {
    const Surface s = FitSurface(map.scores, x, y, place);
    if (!(s.hessian.determinant() > 0)) break;
    // At the place itself: at the pixel the gradient of a centred structure
    // changes with scale too, and would pull the place towards it or away.
    const Eigen::Vector2d mixed =
        scale_at(x + place.x(), y + place.y(), s.value).mixed;
    const Eigen::Vector2d next =
        place - s.hessian.inverse() * (s.gradient + step.z() * mixed);
    if (!(next.cwiseAbs().maxCoeff() < options.max_step)) break;
    place = next;
  }

  const double level_ratio =
      maps.size() > 1 ? maps[1].scale / maps[0].scale : 1.0;
  Keypoint keypoint;
  keypoint.x = static_cast<float>(map.ImageFromMap(x + place.x()));
  keypoint.y = static_cast<float>(map.ImageFromMap(y + place.y()));
  keypoint.scale =
      static_cast<float>(map.scale * std::pow(level_ratio, step.z()));
  keypoint.score = static_cast<float>(centre.value + 0.5 * gradient.dot(step));
  return keypoint;
}

// Map pixels at the border that hold no keypoint: the quartic needs two.
int Margin(const MaximaOptions& options) { return std::max(options.radius, 2); }

// A pixel of a level that exceeds its neighbours.
struct Peak {
  int level, x, y;
  double promise;
};

std::vector<Peak> PeaksOfRow(const std::vector<ScoreMap>& maps, int level,
                             int y, const MaximaOptions& options,
                             const MaximaBudget& budget) {
  const ScoreMap& map = maps[level];
  const double by_scale = std::pow(map.scale, budget.scale_power);
  const int r = options.radius;
  const int margin = Margin(options);
  std::vector<Peak> found;
  const int width = map.scores.width;
  if (width <= 2 * margin) return found;
  std::vector<int> may_be(width);
  MarkPeaks(map.scores.Row(y - 1) + margin, map.scores.Row(y) + margin,
            map.scores.Row(y + 1) + margin, width - 2 * margin,
            may_be.data() + margin);
  for (int x = margin; x < width - margin; ++x) {
    if (r > 0 && may_be[x] == 0) continue;
    if (!IsLevelMaximum(map.scores, x, y, r, options.min_prominence)) continue;
    bool highest = true;
    for (int k = 1; k <= options.neighbour_levels && highest; ++k) {
      highest = (k > level || ExceedsLevel(map, maps[level - k], x, y, r)) &&
                ExceedsLevel(map, maps[level + k], x, y, r);
    }
    if (!highest) continue;
    found.push_back(
        {level, x, y, (map.scores.At(x, y) - budget.base) * by_scale});
  }
  return found;
}

void KeepPromising(std::vector<Peak>& peaks, int count) {
  if (count <= 0 || static_cast<int>(peaks.size()) <= count) return;
  std::nth_element(peaks.begin(), peaks.begin() + count, peaks.end(),
                   [](const Peak& a, const Peak& b) {
                     return std::tie(b.promise, a.level, a.y, a.x) <
                            std::tie(a.promise, b.level, b.y, b.x);
                   });
  peaks.resize(count);
}

// A structure half way between two levels may be a maximum on both, and refined
// to one place and scale: of keypoints less than one level pixel and one level
// apart only the strongest stays. `keypoints`: strongest first.
std::vector<Keypoint> WithoutTwins(const std::vector<Keypoint>& keypoints,
                                   const std::vector<ScoreMap>& maps) {
  if (maps.size() < 2) return keypoints;
  const double level_ratio = maps[1].scale / maps[0].scale;
  const double spacing = maps[0].spacing / maps[0].scale;  // of scale 1
  // No twin is farther than the next cell.
  const double cell = maps.back().spacing * level_ratio * level_ratio;
  const auto cell_of = [cell](double v) {
    return static_cast<int64_t>(std::floor(v / cell));
  };
  const auto key_of = [](int64_t i, int64_t j) { return (i << 32) + j; };
  std::unordered_map<int64_t, std::vector<Keypoint>> kept_in;
  std::vector<Keypoint> kept;
  for (const Keypoint& k : keypoints) {
    const auto is_twin = [&](const Keypoint& other) {
      const double ratio = k.scale / other.scale;
      return std::hypot(k.x - other.x, k.y - other.y) < spacing * k.scale &&
             ratio < level_ratio && ratio * level_ratio > 1;
    };
    const int64_t i = cell_of(k.x), j = cell_of(k.y);
    bool twin = false;
    for (int n = 0; n < 9 && !twin; ++n) {
      const auto near = kept_in.find(key_of(i - 1 + n % 3, j - 1 + n / 3));
      twin = near != kept_in.end() &&
             std::any_of(near->second.begin(), near->second.end(), is_twin);
    }
    if (twin) continue;
    kept_in[key_of(i, j)].push_back(k);
    kept.push_back(k);
  }
  return kept;
}

}  // namespace

std::vector<Keypoint> FindMaxima(const std::vector<ScoreMap>& maps,
                                 const MaximaOptions& options,
                                 const MaximaBudget& budget) {
  std::vector<Peak> peaks;
  const int margin = Margin(options);
  const int first = options.finest_levels ? 0 : options.neighbour_levels;
  const int end = static_cast<int>(maps.size()) - options.neighbour_levels;
  for (int level = first; level < end; ++level) {
    const int rows = maps[level].scores.height - 2 * margin;
    if (rows <= 0) continue;
    std::vector<std::vector<Peak>> found(rows);
    ParallelFor(rows, [&](int i) {
      found[i] = PeaksOfRow(maps, level, margin + i, options, budget);
    });
    for (const auto& row : found) {
      peaks.insert(peaks.end(), row.begin(), row.end());
    }
  }
  KeepPromising(peaks, budget.count);
  std::vector<std::optional<Keypoint>> refined(peaks.size());
  ParallelFor(static_cast<int>(peaks.size()), [&](int i) {
    refined[i] = Refine(maps, peaks[i].level, peaks[i].x, peaks[i].y, options);
  });
  std::vector<Keypoint> keypoints;
  for (const auto& keypoint : refined) {
    if (keypoint) keypoints.push_back(*keypoint);
  }
  SortByScore(keypoints);
  return WithoutTwins(keypoints, maps);
}

void SortByScore(std::vector<Keypoint>& keypoints) {
  std::sort(keypoints.begin(), keypoints.end(),
            [](const Keypoint& a, const Keypoint& b) {
              return std::tie(b.score, a.y, a.x, a.scale) <
                     std::tie(a.score, b.y, b.x, b.scale);
            });
}

void KeepStrongest(std::vector<Keypoint>& keypoints, int count) {
  if (count > 0 && static_cast<int>(keypoints.size()) > count) {
    keypoints.resize(count);
  }
}

}  // namespace tiepoint
