// SPDX-License-Identifier: Apache-2.0
#include "evaluation/overlap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <set>
#include <tuple>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

constexpr double kNormalRadius = 30;
constexpr double kDescriptorFactor = 3;
constexpr double kCandidateRadii = 4;
// Lines through both ellipses; the error falls with the square.
constexpr int kLines = 64;

// Places in (-1, 1) and weights for the integral of a function that begins and
// ends like a square root, as chords do: x = -cos(t), midpoints in t.
struct Quadrature {
  std::array<double, kLines> place{}, weight{};
  Quadrature() {
    for (int k = 0; k < kLines; ++k) {
      const double t = (k + 0.5) * std::numbers::pi / kLines;
      place[k] = -std::cos(t);
      weight[k] = std::sin(t) * std::numbers::pi / kLines;
    }
  }
};

double Determinant(const Ellipse& e) { return e.a * e.c - e.b * e.b; }

// Area that the unit circle at the origin shares with the ellipse at (x, y)
// that has half axes p along x and q along y.
double SharedWithUnitCircle(double x, double y, double p, double q) {
  static const Quadrature kQuadrature;
  const double left = std::max(-1.0, x - p);
  const double right = std::min(1.0, x + p);
  if (right <= left || std::abs(y) >= 1 + q) return 0;
  const double middle = (left + right) / 2, half = (right - left) / 2;
  double sum = 0;
  for (int k = 0; k < kLines; ++k) {
    const double u = middle + half * kQuadrature.place[k];
    const double v = (u - x) / p;
    const double chord1 = std::sqrt(std::max(0.0, 1 - u * u));
    const double chord2 = q * std::sqrt(std::max(0.0, 1 - v * v));
    const double length =
        std::min(chord1, y + chord2) - std::max(-chord1, y - chord2);
    sum += std::max(0.0, length) * kQuadrature.weight[k];
  }
  return sum * half;
}

}  // namespace

double Ellipse::Radius() const {
  return 1 / std::sqrt(std::sqrt(Determinant(*this)));
}
double Ellipse::HalfWidth() const { return std::sqrt(c / Determinant(*this)); }
double Ellipse::HalfHeight() const { return std::sqrt(a / Determinant(*this)); }

Ellipse Ellipse::Enlarged(double factor) const {
  const double s = 1 / (factor * factor);
  return {x, y, a * s, b * s, c * s};
}

Ellipse Circle(double x, double y, double radius) {
  const double a = 1 / (radius * radius);
  return {x, y, a, 0, a};
}

Ellipse Projected(const Ellipse& e, const Matrix3& h) {
  const double w = h[6] * e.x + h[7] * e.y + h[8];
  const double x = (h[0] * e.x + h[1] * e.y + h[2]) / w;
  const double y = (h[3] * e.x + h[4] * e.y + h[5]) / w;
  // A: derivatives of (x, y) at the centre; then B = A^-1, M' = B^T M B.
  const double xu = (h[0] - x * h[6]) / w, xv = (h[1] - x * h[7]) / w;
  const double yu = (h[3] - y * h[6]) / w, yv = (h[4] - y * h[7]) / w;
  const double determinant = xu * yv - xv * yu;
  const double b11 = yv / determinant, b12 = -xv / determinant;
  const double b21 = -yu / determinant, b22 = xu / determinant;
  return {x, y, e.a * b11 * b11 + 2 * e.b * b11 * b21 + e.c * b21 * b21,
          e.a * b11 * b12 + e.b * (b11 * b22 + b12 * b21) + e.c * b21 * b22,
          e.a * b12 * b12 + 2 * e.b * b12 * b22 + e.c * b22 * b22};
}

// In coordinates in which the first is the unit circle and the axes are those
// of the second; ratios of areas do not change.
double OverlapError(const Ellipse& first, const Ellipse& second) {
  // M1 = R^T R, R = [r11 r12; 0 r22]; u = R (p - centre1).
  const double r11 = std::sqrt(first.a);
  const double r12 = first.b / r11;
  const double r22 = std::sqrt(first.c - r12 * r12);
  const double dx = second.x - first.x, dy = second.y - first.y;
  const double ux = r11 * dx + r12 * dy, uy = r22 * dy;
  // R^-T M2 R^-1.
  const double s11 = 1 / r11, s22 = 1 / r22, s12 = -r12 * s11 * s22;
  const double a = second.a * s11 * s11;
  const double b = s11 * (second.a * s12 + second.b * s22);
  const double c =
      second.a * s12 * s12 + 2 * second.b * s12 * s22 + second.c * s22 * s22;
  const double mean = (a + c) / 2;
  const double spread = std::hypot((a - c) / 2, b);
  const double p = 1 / std::sqrt(mean + spread);
  const double q = 1 / std::sqrt(mean - spread);
  const double angle = std::atan2(2 * b, a - c) / 2;  // of the axis of p
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const double shared = SharedWithUnitCircle(cosine * ux + sine * uy,
                                             cosine * uy - sine * ux, p, q);
  const double both = std::numbers::pi * (1 + p * q) - shared;
  const double error = 1 - shared / both;
  return std::isfinite(error) ? std::clamp(error, 0.0, 1.0) : 1;
}

std::vector<RegionPair> OverlappingRegions(std::span<const Ellipse> first,
                                           std::span<const Ellipse> second,
                                           RegionSize size, double max_error) {
  std::vector<std::vector<RegionPair>> found(first.size());
  ParallelFor(static_cast<int>(first.size()), [&](int i) {
    const double radius = first[i].Radius();
    const double reach = kCandidateRadii * radius;
    const double factor = size == RegionSize::kRadius30 ? kNormalRadius / radius
                                                        : kDescriptorFactor;
    const Ellipse region = first[i].Enlarged(factor);
    for (size_t j = 0; j < second.size(); ++j) {
      const double dx = second[j].x - region.x, dy = second[j].y - region.y;
      if (!(dx * dx + dy * dy < reach * reach)) continue;
      const double error = OverlapError(region, second[j].Enlarged(factor));
      if (error < max_error) {
        found[i].push_back({i, static_cast<int>(j), error});
      }
    }
  });
  std::vector<RegionPair> pairs;
  for (const auto& some : found) {
    pairs.insert(pairs.end(), some.begin(), some.end());
  }
  return pairs;
}

std::vector<RegionPair> OneToOne(std::vector<RegionPair> pairs) {
  const auto key = [](const RegionPair& p) {
    return std::tuple(p.error, p.i, p.j);
  };
  std::sort(pairs.begin(), pairs.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::set<int> taken_i, taken_j;
  std::erase_if(pairs, [&](const RegionPair& p) {
    if (taken_i.count(p.i) > 0 || taken_j.count(p.j) > 0) return true;
    taken_i.insert(p.i);
    taken_j.insert(p.j);
    return false;
  });
  return pairs;
}

}  // namespace tiepoint
