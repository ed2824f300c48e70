// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/real_roots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

std::vector<double> Times(const std::vector<double>& a,
                          const std::vector<double>& b) {
  std::vector<double> product(a.size() + b.size() - 1, 0.0);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) product[i + k] += a[i] * b[k];
  }
  return product;
}

std::vector<double> Roots(const std::vector<double>& coefficients) {
  std::vector<double> roots(coefficients.size());
  roots.resize(RealRoots(coefficients, roots));
  std::sort(roots.begin(), roots.end());
  return roots;
}

TEST(RealRootsTest, ProductsOfFactorsHaveTheirRoots) {
  Random random(1);
  for (int trial = 0; trial < 500; ++trial) {
    SCOPED_TRACE(trial);
    const int pairs_of_complex = random.Integer(6);
    const int num_real = random.Integer(11 - 2 * pairs_of_complex);
    std::vector<double> polynomial{random.Uniform(0.5, 2)};
    std::vector<double> expected;
    for (int k = 0; k < num_real; ++k) {
      // Apart, and both inside and outside [-1, 1].
      const double root =
          std::tan(-1.4 + 0.28 * (k + random.Uniform(0.2, 0.8)));
      expected.push_back(root);
      polynomial = Times(polynomial, {-root, 1});
    }
    for (int k = 0; k < pairs_of_complex; ++k) {
      const double re = random.Uniform(-2, 2), im = random.Uniform(0.3, 2);
      polynomial = Times(polynomial, {re * re + im * im, -2 * re, 1});
    }
    const auto roots = Roots(polynomial);
    ASSERT_EQ(roots.size(), expected.size());
    for (size_t k = 0; k < roots.size(); ++k) {
      EXPECT_NEAR(roots[k], expected[k], 1e-6 * (1 + std::abs(expected[k])));
    }
  }
}

TEST(RealRootsTest, LeadingZerosAndConstants) {
  EXPECT_EQ(Roots({}), std::vector<double>());
  EXPECT_EQ(Roots({3}), std::vector<double>());
  const auto roots = Roots({-6, 1, 1, 0, 0});  // (x - 2)(x + 3)
  ASSERT_EQ(roots.size(), 2u);
  EXPECT_NEAR(roots[0], -3, 1e-12);
  EXPECT_NEAR(roots[1], 2, 1e-12);
}

}  // namespace
}  // namespace tiepoint
