// SPDX-License-Identifier: Apache-2.0
// The M-estimator of MAGSAC++ (Barath, Noskova, Ivashechkin and Matas,
// "MAGSAC++, a Fast, Reliable and Accurate Robust Estimator", CVPR 2020): the
// weight of a residual r when the standard deviation sigma of the noise is not
// known but anywhere in (0, sigma_max], and residuals of that noise are chi
// with 4 degrees of freedom, cut off at their 0.99 quantile k sigma. As
// functions of t = r^2 / cutoff^2, where cutoff = k sigma_max is the largest
// residual that counts; with u = t k^2 / 2:
//   weight(t) ~ Gamma(3/2, u) - Gamma(3/2, k^2/2)    (upper incomplete gamma)
//   loss(t)   ~ integral of weight from 0 to t,
// scaled so that weight(0) = 1, loss(0) = 0 and, from the cutoff on,
// weight = 0 and loss = 1.
#pragma once

#include <array>

namespace tiepoint {

inline constexpr double kMagsacQuantile = 3.64;

double MagsacWeight(double t);  // t >= 0
double MagsacLoss(double t);
// Second derivative of the loss by the residual, scaled as the weight:
// weight + 2 t d weight / dt.
double MagsacCurvature(double t);

// The same from a table, linear between its 1024 steps: losses to 1e-5, weights
// and curvatures to 1e-3, but for the jump of the curvature at the cutoff. A t
// that is not a number counts as beyond the cutoff.
class MagsacTable {
 public:
  static const MagsacTable& Get();

  double Weight(double t) const { return Interpolated(weights_, t, 0.0); }
  double Curvature(double t) const { return Interpolated(curvatures_, t, 0.0); }
  double Loss(double t) const { return Interpolated(losses_, t, 1.0); }
  float Loss(float t) const { return Interpolated(float_losses_, t, 1.0f); }

 private:
  static constexpr int kSteps = 1024;
  template <typename T>
  using Table = std::array<T, kSteps + 1>;

  MagsacTable();
  template <typename T>
  static T Interpolated(const Table<T>& table, T t, T beyond) {
    if (!(t < 1)) return beyond;
    const T place = t * kSteps;
    const int step = static_cast<int>(place);
    return table[step] + (place - step) * (table[step + 1] - table[step]);
  }

  Table<double> weights_, losses_, curvatures_;
  Table<float> float_losses_;
};

}  // namespace tiepoint
