// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/five_point.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/real_roots.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

// Polynomials in x, y, z of degree 1, 2, 3, as coefficients of the monomials of
// the tables below.
using Linear = std::array<double, 4>;
using Quadratic = std::array<double, 10>;
using Cubic = std::array<double, 20>;

struct Exponents {
  int x, y, z;
  constexpr bool operator==(const Exponents&) const = default;
};
constexpr std::array<Exponents, 4> kLinear{
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 0}}};
constexpr std::array<Exponents, 10> kQuadratic{{{2, 0, 0},
                                                {1, 1, 0},
                                                {1, 0, 1},
                                                {1, 0, 0},
                                                {0, 2, 0},
                                                {0, 1, 1},
                                                {0, 1, 0},
                                                {0, 0, 2},
                                                {0, 0, 1},
                                                {0, 0, 0}}};
// Nister's order: those to eliminate, then x, y and 1 times powers of z.
constexpr std::array<Exponents, 20> kCubic{
    {{3, 0, 0}, {0, 3, 0}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1},
     {2, 0, 0}, {0, 2, 1}, {0, 2, 0}, {1, 1, 1}, {1, 1, 0},
     {1, 0, 2}, {1, 0, 1}, {1, 0, 0}, {0, 1, 2}, {0, 1, 1},
     {0, 1, 0}, {0, 0, 3}, {0, 0, 2}, {0, 0, 1}, {0, 0, 0}}};

// places[i][k]: which monomial of `to` is the product of from[i] and linear k.
template <size_t kFrom, size_t kTo>
constexpr auto Places(const std::array<Exponents, kFrom>& from,
                      const std::array<Exponents, kTo>& to) {
  std::array<std::array<int, 4>, kFrom> places{};
  for (size_t i = 0; i < kFrom; ++i) {
    for (size_t k = 0; k < 4; ++k) {
      const Exponents e{from[i].x + kLinear[k].x, from[i].y + kLinear[k].y,
                        from[i].z + kLinear[k].z};
      for (size_t t = 0; t < kTo; ++t) {
        if (to[t] == e) places[i][k] = static_cast<int>(t);
      }
    }
  }
  return places;
}
constexpr auto kQuadraticPlaces = Places(kLinear, kQuadratic);
constexpr auto kCubicPlaces = Places(kQuadratic, kCubic);

void AddProduct(const Linear& a, const Linear& b, Quadratic& sum) {
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 4; ++k) sum[kQuadraticPlaces[i][k]] += a[i] * b[k];
  }
}

void AddProduct(const Quadratic& a, const Linear& b, Cubic& sum) {
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 4; ++k) sum[kCubicPlaces[i][k]] += a[i] * b[k];
  }
}

// E, entry (r, c) at 3 r + c, as linear polynomials: the null space of the five
// equations. False when it has more than four dimensions.
bool NullSpace(std::span<const PointPair, 5> pairs,
               std::array<Linear, 9>& essential) {
  Eigen::Matrix<double, 9, 5> equations;
  for (int i = 0; i < 5; ++i) {
    const PointPair& p = pairs[i];
    equations.col(i) << p.x2 * p.x1, p.x2 * p.y1, p.x2, p.y2 * p.x1,
        p.y2 * p.y1, p.y2, p.x1, p.y1, 1;
  }
  const Eigen::HouseholderQR<Eigen::Matrix<double, 9, 5>> qr(equations);
  const auto diagonal = qr.matrixQR().diagonal().cwiseAbs();
  if (!(diagonal.minCoeff() > 1e-12 * diagonal.maxCoeff())) return false;
  Eigen::Matrix<double, 9, 4> null = Eigen::Matrix<double, 9, 4>::Zero();
  null.bottomRows<4>().setIdentity();
  null.applyOnTheLeft(qr.householderQ());
  for (int i = 0; i < 9; ++i) {
    for (int k = 0; k < 4; ++k) essential[i][k] = null(i, k);
  }
  return true;
}

// The ten cubics, one a row.
std::array<Cubic, 10> Constraints(const std::array<Linear, 9>& e) {
  // E E' - trace / 2, symmetric.
  std::array<Quadratic, 6> product{};
  constexpr int kPlace[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
  for (int r = 0; r < 3; ++r) {
    for (int c = r; c < 3; ++c) {
      for (int k = 0; k < 3; ++k) {
        AddProduct(e[3 * r + k], e[3 * c + k], product[kPlace[r][c]]);
      }
    }
  }
  for (int i = 0; i < 10; ++i) {
    const double half = 0.5 * (product[0][i] + product[3][i] + product[5][i]);
    for (const int k : {0, 3, 5}) product[k][i] -= half;
  }
  std::array<Cubic, 10> result{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 3; ++k) {
        AddProduct(product[kPlace[r][k]], e[3 * k + c], result[3 * r + c]);
      }
    }
  }
  // The determinant along the first row.
  for (int c = 0; c < 3; ++c) {
    const int a = (c + 1) % 3, b = (c + 2) % 3;
    Quadratic minor{}, negative{};
    AddProduct(e[3 + a], e[6 + b], minor);
    AddProduct(e[3 + b], e[6 + a], negative);
    for (int i = 0; i < 10; ++i) minor[i] -= negative[i];
    AddProduct(minor, e[c], result[9]);
  }
  return result;
}

// Polynomials in z; lowest power first.
template <int kDegree>
using OfZ = std::array<double, kDegree + 1>;

template <size_t kA, size_t kB>
std::array<double, kA + kB - 1> operator*(const std::array<double, kA>& a,
                                          const std::array<double, kB>& b) {
  std::array<double, kA + kB - 1> product{};
  for (size_t i = 0; i < kA; ++i) {
    for (size_t k = 0; k < kB; ++k) product[i + k] += a[i] * b[k];
  }
  return product;
}

template <size_t kSize>
std::array<double, kSize> operator-(std::array<double, kSize> a,
                                    const std::array<double, kSize>& b) {
  for (size_t i = 0; i < kSize; ++i) a[i] -= b[i];
  return a;
}

template <size_t kSize>
double At(const std::array<double, kSize>& polynomial, double z) {
  double value = 0;
  for (size_t k = kSize; k-- > 0;) value = value * z + polynomial[k];
  return value;
}

// x a(z) + y b(z) + c(z) = 0.
struct Row {
  OfZ<3> a, b;
  OfZ<4> c;
};

// x, y, z by two Gauss-Newton steps on the ten cubics: the polynomial of degree
// 10 has lost digits.
void Polish(const std::array<Cubic, 10>& cubics, Vector3d& root) {
  for (int step = 0; step < 2; ++step) {
    const double x = root.x(), y = root.y(), z = root.z();
    // The monomials and their derivatives, in the order of kCubic.
    const std::array<double, 20> value{
        x * x * x, y * y * y, x * x * y, x * y * y, x * x * z, x * x, y * y * z,
        y * y,     x * y * z, x * y,     x * z * z, x * z,     x,     y * z * z,
        y * z,     y,         z * z * z, z * z,     z,         1};
    const std::array<double, 20> by_x{
        3 * x * x, 0, 2 * x * y, y * y, 2 * x * z, 2 * x, 0, 0, y * z, y,
        z * z,     z, 1,         0,     0,         0,     0, 0, 0,     0};
    const std::array<double, 20> by_y{
        0, 3 * y * y, x * x, 2 * x * y, 0, 0, 2 * y * z, 2 * y, x * z, x,
        0, 0,         0,     z * z,     z, 1, 0,         0,     0,     0};
    const std::array<double, 20> by_z{
        0,         0, 0, 0,         x * x, 0, y * y,     0,     x * y, 0,
        2 * x * z, x, 0, 2 * y * z, y,     0, 3 * z * z, 2 * z, 1,     0};
    Eigen::Matrix<double, 10, 3> jacobian;
    Eigen::Matrix<double, 10, 1> residual;
    for (int r = 0; r < 10; ++r) {
      double f = 0, fx = 0, fy = 0, fz = 0;
      for (int k = 0; k < 20; ++k) {
        const double c = cubics[r][k];
        f += c * value[k];
        fx += c * by_x[k];
        fy += c * by_y[k];
        fz += c * by_z[k];
      }
      residual(r) = f;
      jacobian.row(r) << fx, fy, fz;
    }
    const Matrix3d normal = jacobian.transpose() * jacobian;
    const Vector3d change =
        normal.inverse() * (jacobian.transpose() * residual);
    if (!(change.squaredNorm() < 1e-2 * (1 + root.squaredNorm()))) return;
    root -= change;
  }
}

}  // namespace

FivePointSolutions FivePoint(std::span<const PointPair, 5> normalized) {
  FivePointSolutions solutions;
  std::array<Linear, 9> essential;
  if (!NullSpace(normalized, essential)) return solutions;
  const std::array<Cubic, 10> cubics = Constraints(essential);

  // The first ten monomials by the last ten: monomial i = -reduced(i, .).
  using Matrix10 = Eigen::Matrix<double, 10, 10>;
  const Eigen::Map<const Eigen::Matrix<double, 10, 20, Eigen::RowMajor>> all(
      cubics[0].data());
  const Matrix10 reduced =
      all.leftCols<10>().partialPivLu().solve(all.rightCols<10>());
  if (!reduced.allFinite()) return solutions;

  // Pairs of rows that differ by a factor z: x^2 z and x^2, y^2 z and y^2,
  // x y z and x y.
  std::array<Row, 3> rows;
  for (int i = 0; i < 3; ++i) {
    const auto high = reduced.row(4 + 2 * i);
    const auto low = reduced.row(5 + 2 * i);
    for (const auto& [to, from] :
         {std::pair(&rows[i].a, 0), std::pair(&rows[i].b, 3)}) {
      *to = {high(from + 2), high(from + 1) - low(from + 2),
             high(from) - low(from + 1), -low(from)};
    }
    rows[i].c = {high(9), high(8) - low(9), high(7) - low(8), high(6) - low(7),
                 -low(6)};
  }
  // det of the three rows.
  OfZ<10> polynomial{};
  for (int i = 0; i < 3; ++i) {
    const Row& second = rows[(i + 1) % 3];
    const Row& third = rows[(i + 2) % 3];
    const OfZ<10> part = (second.a * third.b - second.b * third.a) * rows[i].c;
    for (int k = 0; k <= 10; ++k) polynomial[k] += part[k];
  }
  std::array<double, 10> roots;
  const int count = RealRoots(polynomial, roots);
  for (int s = 0; s < count; ++s) {
    const double z = roots[s];
    Matrix3d values;
    for (int i = 0; i < 3; ++i) {
      values.row(i) << At(rows[i].a, z), At(rows[i].b, z), At(rows[i].c, z);
    }
    // (x, y, 1) is across all rows: the product of the two that tell it best.
    Vector3d across = Vector3d::Zero();
    for (int i = 0; i < 3; ++i) {
      const Vector3d candidate =
          values.row(i).cross(values.row((i + 1) % 3)).transpose();
      if (candidate.squaredNorm() > across.squaredNorm()) across = candidate;
    }
    Vector3d root(across.x() / across.z(), across.y() / across.z(), z);
    if (!root.allFinite()) continue;
    Polish(cubics, root);
    Eigen::Matrix<double, 9, 1> matrix;
    for (int k = 0; k < 9; ++k) {
      const Linear& e = essential[k];
      matrix(k) = e[0] * root.x() + e[1] * root.y() + e[2] * root.z() + e[3];
    }
    const double norm = matrix.norm();
    if (!(norm > 0) || !std::isfinite(norm)) continue;
    Matrix3& to = solutions.matrices[solutions.count++];
    for (int k = 0; k < 9; ++k) to[k] = matrix(k) / norm;
  }
  return solutions;
}

}  // namespace tiepoint
