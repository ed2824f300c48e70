// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/magsac_score.h"

#include <cmath>
#include <numbers>

namespace tiepoint {
namespace {

constexpr double kCut = kMagsacQuantile * kMagsacQuantile / 2;  // u at t = 1

// Gamma(3/2, u).
double UpperGamma(double u) {
  return std::sqrt(u) * std::exp(-u) +
         0.5 * std::sqrt(std::numbers::pi) * std::erfc(std::sqrt(u));
}

// Integral from 0 to u of Gamma(3/2, v) - Gamma(3/2, kCut) over v; by parts it
// is u Gamma(3/2, u) + gamma(5/2, u), and the lower gamma(5/2, u) is
// 3/2 gamma(3/2, u) - u^(3/2) exp(-u).
double Integral(double u) {
  const double lower = 0.5 * std::sqrt(std::numbers::pi) - UpperGamma(u);
  return u * (UpperGamma(u) - UpperGamma(kCut)) + 1.5 * lower -
         std::pow(u, 1.5) * std::exp(-u);
}

}  // namespace

double MagsacWeight(double t) {
  if (!(t < 1)) return 0;
  return (UpperGamma(t * kCut) - UpperGamma(kCut)) /
         (UpperGamma(0) - UpperGamma(kCut));
}

double MagsacLoss(double t) {
  if (!(t < 1)) return 1;
  return Integral(t * kCut) / Integral(kCut);
}

double MagsacCurvature(double t) {
  if (!(t < 1)) return 0;
  // d Gamma(3/2, u) / du = -sqrt(u) exp(-u).
  const double u = t * kCut;
  return MagsacWeight(t) - 2 * u * std::sqrt(u) * std::exp(-u) /
                               (UpperGamma(0) - UpperGamma(kCut));
}

MagsacTable::MagsacTable() {
  for (int i = 0; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    weights_[i] = MagsacWeight(t);
    losses_[i] = MagsacLoss(t);
    curvatures_[i] = MagsacCurvature(t);
    float_losses_[i] = static_cast<float>(losses_[i]);
  }
}

const MagsacTable& MagsacTable::Get() {
  static const MagsacTable table;
  return table;
}

}  // namespace tiepoint
