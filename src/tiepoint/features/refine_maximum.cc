// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/refine_maximum.h"

#include <Eigen/Core>
#include <Eigen/LU>
#include <array>
#include <cmath>

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

Surface FitSurface(const RowsView& scores, int x, int y,
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
std::optional<double> SampleCubic(const RowsView& image, double x, double y) {
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
  return SampleCubic(other.View(), other.MapFromImage(map.ImageFromMap(x)),
                     other.MapFromImage(map.ImageFromMap(y)));
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

}  // namespace

std::optional<Keypoint> RefineMaximum(const std::vector<ScoreMap>& maps,
                                      int level, int x, int y,
                                      const MaximaOptions& options) {
  const ScoreMap& map = maps[level];
  const RowsView scores = map.View();
  const Surface centre = FitSurface(scores, x, y, Eigen::Vector2d::Zero());
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
    const Surface s = FitSurface(scores, x, y, place);
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

}  // namespace tiepoint
