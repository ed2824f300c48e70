// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/real_roots.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tiepoint {
namespace {

using Coefficients = std::array<double, kLargestDegree + 1>;

double Value(const Coefficients& c, int degree, double x) {
  double value = c[degree];
  for (int k = degree - 1; k >= 0; --k) value = value * x + c[k];
  return value;
}

// The root in [low, high], whose values have different signs.
double BracketedRoot(const Coefficients& c, const Coefficients& derivative,
                     int degree, double low, double high, double low_value,
                     double high_value, double tolerance) {
  const bool rising = low_value < 0;
  double x = low - low_value * (high - low) / (high_value - low_value);
  for (int iteration = 0; iteration < 60; ++iteration) {
    const double value = Value(c, degree, x);
    ((value < 0) == rising ? low : high) = x;
    const double slope = Value(derivative, degree - 1, x);
    double next = x - value / slope;
    // Also where the slope is 0 or not a number.
    if (!(next >= low && next <= high)) next = 0.5 * (low + high);
    const double step = std::abs(next - x);
    x = next;
    if (step <= tolerance) break;
  }
  return x;
}

// Those in [-1, 1], increasing.
int RootsOfUnitInterval(const Coefficients& c, int degree,
                        std::span<double> roots) {
  // derivatives[k] is the k-th one divided by k!, so that numbers stay small.
  std::array<Coefficients, kLargestDegree + 1> derivatives{};
  derivatives[0] = c;
  for (int k = 1; k <= degree; ++k) {
    for (int i = 0; i <= degree - k; ++i) {
      derivatives[k][i] = derivatives[k - 1][i + 1] * (i + 1) / k;
    }
  }
  std::array<double, kLargestDegree + 2> bounds;  // with the ends
  bounds[0] = -1;
  bounds[1] = 1;
  int num_bounds = 2;
  for (int m = 1; m <= degree; ++m) {
    const Coefficients& p = derivatives[degree - m];
    Coefficients slope = derivatives[degree - m + 1];
    for (int i = 0; i < m; ++i) slope[i] *= degree - m + 1;
    // A bound need only separate: it may be a little off.
    const double tolerance = m == degree ? 1e-15 : 1e-5;
    std::array<double, kLargestDegree> found;
    int num_found = 0;
    double before = Value(p, m, bounds[0]);
    for (int i = 0; i + 1 < num_bounds; ++i) {
      const double after = Value(p, m, bounds[i + 1]);
      if ((before < 0) != (after < 0)) {
        found[num_found++] = BracketedRoot(
            p, slope, m, bounds[i], bounds[i + 1], before, after, tolerance);
      }
      before = after;
    }
    if (m == degree) {
      std::copy_n(found.begin(), num_found, roots.begin());
      return num_found;
    }
    std::copy_n(found.begin(), num_found, bounds.begin() + 1);
    bounds[num_found + 1] = 1;
    num_bounds = num_found + 2;
  }
  return 0;
}

}  // namespace

int RealRoots(std::span<const double> coefficients, std::span<double> roots) {
  const int degree = static_cast<int>(coefficients.size()) - 1;
  if (degree < 1) return 0;
  Coefficients forward{}, reversed{};
  for (int k = 0; k <= degree; ++k) {
    forward[k] = coefficients[k];
    reversed[k] = coefficients[degree - k];
  }
  int count = RootsOfUnitInterval(forward, degree, roots);
  std::array<double, kLargestDegree> inverses;
  const int num_inverses = RootsOfUnitInterval(reversed, degree, inverses);
  for (int i = 0; i < num_inverses && count < degree; ++i) {
    // 0 is infinity; 1 was found already.
    if (inverses[i] == 0 || std::abs(inverses[i]) == 1) continue;
    roots[count++] = 1 / inverses[i];
  }
  return count;
}

}  // namespace tiepoint
