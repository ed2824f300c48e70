// SPDX-License-Identifier: Apache-2.0
#include "training/view_pair.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiepoint/image/pyramid.h"
#include "training/photometric.h"
#include "training/relight.h"

namespace tiepoint {
namespace {

using Matrix = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

Matrix ToEigen(const Homography& h) {
  return Eigen::Map<const Matrix>(h.data());
}

Homography FromEigen(const Matrix& m) {
  Homography h;
  Eigen::Map<Matrix>(h.data()) = m;
  return h;
}

constexpr double kRadians = std::numbers::pi / 180;

Matrix Translation(double x, double y) {
  Matrix m = Matrix::Identity();
  m(0, 2) = x;
  m(1, 2) = y;
  return m;
}

// Turn by `angle` and zoom about the origin.
Matrix Similarity(double angle, double zoom) {
  Matrix m = Matrix::Identity();
  m.topLeftCorner<2, 2>() = zoom * Eigen::Rotation2Dd(angle).toRotationMatrix();
  return m;
}

// A plane at unit distance, turned by `tilt` about an axis in the plane at the
// angle `azimuth`, seen by a camera of focal length f (pixels). About the
// origin; tilt 0 is the identity.
Matrix Tilt(double tilt, double azimuth, double f) {
  const Eigen::Vector3d axis(std::cos(azimuth), std::sin(azimuth), 0);
  const Eigen::Matrix3d r = Eigen::AngleAxisd(tilt, axis).toRotationMatrix();
  // Points of the plane are (X, Y, 0); the camera sees them from distance 1.
  Matrix m;
  m << r(0, 0), r(0, 1), 0, r(1, 0), r(1, 1), 0, r(2, 0), r(2, 1), 1;
  const Eigen::DiagonalMatrix<double, 3> k(f, f, 1), k_inverse(1 / f, 1 / f, 1);
  return k * m * k_inverse;
}

struct Jacobian {
  double x, y;  // the mapped point
  Eigen::Matrix2d j;
};

std::optional<Jacobian> Linearize(const Homography& h, double x, double y) {
  const double w = h[6] * x + h[7] * y + h[8];
  if (!(w > 1e-9)) return std::nullopt;
  Jacobian result;
  result.x = (h[0] * x + h[1] * y + h[2]) / w;
  result.y = (h[3] * x + h[4] * y + h[5]) / w;
  result.j << h[0] - result.x * h[6], h[1] - result.x * h[7],
      h[3] - result.y * h[6], h[4] - result.y * h[7];
  result.j /= w;
  return result;
}

// How a light of some colour, on materials of other colours, would mix them.
ColourWeights DrawWeights(Random& random) {
  if (random.Chance(0.5)) return kLuminance;
  ColourWeights weights;
  float sum = 0;
  for (float& w : weights) {
    w = static_cast<float>(0.05 + random.Uniform());
    sum += w;
  }
  for (float& w : weights) w /= sum;
  return weights;
}

}  // namespace

Homography Inverse(const Homography& h) {
  Matrix m = ToEigen(h).inverse();
  // The sign that keeps the homogeneous coordinate positive in the middle.
  if (m(2, 2) < 0) m = -m;
  return FromEigen(m);
}

Homography Compose(const Homography& a, const Homography& b) {
  return FromEigen(ToEigen(a) * ToEigen(b));
}

std::optional<Keypoint> MapKeypoint(const Homography& map,
                                    const Keypoint& keypoint) {
  const auto local = Linearize(map, keypoint.x, keypoint.y);
  if (!local) return std::nullopt;
  const Eigen::JacobiSVD<Eigen::Matrix2d> svd(local->j);
  const auto stretch = svd.singularValues();
  if (!(stretch(1) * 4 >= stretch(0)) || local->j.determinant() <= 0) {
    return std::nullopt;
  }
  // The rotation nearest to [a b; c d] has the angle atan2(c - b, a + d).
  const double turn = std::atan2(local->j(1, 0) - local->j(0, 1),
                                 local->j(0, 0) + local->j(1, 1));
  Keypoint mapped = keypoint;
  mapped.x = static_cast<float>(local->x);
  mapped.y = static_cast<float>(local->y);
  mapped.scale =
      static_cast<float>(keypoint.scale * std::sqrt(local->j.determinant()));
  mapped.angle = WrapAngle(keypoint.angle + turn);
  return mapped;
}

GrayImage RenderView(const GrayImage& photograph,
                     const Homography& source_from_view, int width,
                     int height) {
  const ImagePyramid pyramid(photograph);
  GrayImage view(width, height);
  // One sampler for each small tile: the spacing hardly changes inside it.
  constexpr int kTile = 16;
  for (int ty = 0; ty < height; ty += kTile) {
    for (int tx = 0; tx < width; tx += kTile) {
      const auto middle =
          Linearize(source_from_view, tx + kTile / 2.0, ty + kTile / 2.0);
      if (!middle) continue;
      const double spacing = std::sqrt(std::abs(middle->j.determinant()));
      const PyramidSampler sampler(pyramid, spacing);
      for (int y = ty; y < std::min(ty + kTile, height); ++y) {
        for (int x = tx; x < std::min(tx + kTile, width); ++x) {
          const auto& h = source_from_view;
          const double w = h[6] * x + h[7] * y + h[8];
          if (!(w > 1e-9)) continue;
          const double u = (h[0] * x + h[1] * y + h[2]) / w;
          const double v = (h[3] * x + h[4] * y + h[5]) / w;
          if (std::abs(u) > 1e5 || std::abs(v) > 1e5) continue;
          view.At(x, y) = sampler(u, v);
        }
      }
    }
  }
  return view;
}

ViewPair MakeViewPair(const GrayImage& first, const GrayImage& second,
                      const ViewOptions& options, Random& random) {
  const double turn = 2 * std::numbers::pi;
  const double w = first.width, h = first.height;
  const Matrix centre =
      Translation(-(options.width - 1) / 2.0, -(options.height - 1) / 2.0);
  // The first view: a turned part of the photograph. Zoom in source pixels a
  // view pixel, from nearly the whole photograph down to its own resolution.
  const double whole = std::max(w / options.width, h / options.height);
  const double zoom = std::exp2(
      random.Uniform(-0.3, std::max(0.0, std::log2(std::max(whole, 1.0)))));
  const double margin = 0.25;
  const Matrix source_from_first =
      Translation(random.Uniform(margin, 1 - margin) * w,
                  random.Uniform(margin, 1 - margin) * h) *
      Similarity(random.Uniform(0, turn), zoom) * centre;

  const double tilt = kRadians * options.max_tilt * random.Uniform();
  const double relative_zoom =
      std::exp2(options.max_log2_zoom * random.Uniform(-1, 1));
  const double focal = random.Uniform(0.8, 2.5) * options.width;
  const double shift = 0.15;
  const Matrix first_from_second =
      Translation((options.width - 1) / 2.0 +
                      random.Uniform(-shift, shift) * options.width,
                  (options.height - 1) / 2.0 +
                      random.Uniform(-shift, shift) * options.height) *
      Tilt(tilt, random.Uniform(0, turn), focal) *
      Similarity(random.Uniform(0, turn), relative_zoom) * centre;

  ViewPair pair;
  pair.source_width = first.width;
  pair.source_height = first.height;
  pair.source_from_first = FromEigen(source_from_first);
  pair.second_from_first = Inverse(FromEigen(first_from_second));
  pair.first =
      RenderView(first, pair.source_from_first, options.width, options.height);
  pair.second =
      RenderView(second, FromEigen(source_from_first * first_from_second),
                 options.width, options.height);
  for (GrayImage* view : {&pair.first, &pair.second}) {
    if (random.Chance(options.relit)) {
      *view = Relight({*view}, options.appearance, random)[0];
    }
    *view = ChangeAppearance(*view, options.appearance, random);
  }
  return pair;
}

ViewPair MakeViewPair(const PhotographStore& photographs, int index,
                      const ViewOptions& options, Random& random) {
  const ColourWeights first = DrawWeights(random), second = DrawWeights(random);
  return MakeViewPair(photographs.Get(index, first),
                      photographs.Get(index, second), options, random);
}

}  // namespace tiepoint
