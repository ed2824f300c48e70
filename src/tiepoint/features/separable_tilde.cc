// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/features/separable_tilde.h"

#include <Eigen/Dense>
#include <cmath>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/network/filter_bank.h"

namespace tiepoint {
namespace {

using Eigen::MatrixXd;
using RowMajor =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kStarts = 5;
constexpr int kSteps = 200;

// Column k: the outer product of column k of a and of b, row-major (a slow).
MatrixXd Products(const MatrixXd& a, const MatrixXd& b) {
  MatrixXd result(a.rows() * b.rows(), a.cols());
  for (int k = 0; k < a.cols(); ++k) {
    for (int i = 0; i < a.rows(); ++i) {
      result.col(k).segment(i * b.rows(), b.rows()) = a(i, k) * b.col(k);
    }
  }
  return result;
}

// The least-squares X of X basis^T = unfolded. A little ridge keeps products
// that become alike from growing without bound against each other.
MatrixXd Solve(const MatrixXd& unfolded, const MatrixXd& basis) {
  MatrixXd gram = basis.transpose() * basis;
  gram.diagonal().array() += 1e-9 * gram.trace() + 1e-300;
  return gram.ldlt().solve((unfolded * basis).transpose()).transpose();
}

struct Decomposition {
  MatrixXd vertical, horizontal;  // (rows or columns) x rank, unit columns
  MatrixXd coefficients;          // filters x rank
  double error = 0;               // squared
};

// The tensor t(f, y, x) in its three unfoldings.
struct Unfolded {
  MatrixXd by_filter, by_row, by_column;

  Unfolded(const RowMajor& filters, int rows) : by_filter(filters) {
    const auto count = static_cast<int>(filters.rows());
    const int columns = static_cast<int>(filters.cols()) / rows;
    by_row.resize(rows, count * columns);
    by_column.resize(columns, count * rows);
    for (int f = 0; f < count; ++f) {
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < columns; ++x) {
          const double w = filters(f, y * columns + x);
          by_row(y, f * columns + x) = w;
          by_column(x, f * rows + y) = w;
        }
      }
    }
  }
};

// An orthonormal basis of the columns. What is left out is shorter than a
// millionth of the longest.
MatrixXd BasisOf(const MatrixXd& columns) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(columns *
                                                       columns.transpose());
  const auto& values = solver.eigenvalues();  // growing
  const double least = 1e-12 * values(values.size() - 1);
  int dropped = 0;
  while (dropped + 1 < values.size() && values(dropped) <= least) ++dropped;
  return solver.eigenvectors().rightCols(values.size() - dropped);
}

Decomposition Decompose(const Unfolded& t, int rank, Random& random) {
  Decomposition d;
  const auto draw = [&](auto rows) {
    return MatrixXd::NullaryExpr(rows, rank,
                                 [&](auto, auto) { return random.Normal(); })
        .eval();
  };
  d.vertical = draw(t.by_row.rows());
  d.horizontal = draw(t.by_column.rows());
  for (int step = 0; step < kSteps; ++step) {
    d.vertical.colwise().normalize();
    d.horizontal.colwise().normalize();
    d.coefficients = Solve(t.by_filter, Products(d.vertical, d.horizontal));
    d.vertical = Solve(t.by_row, Products(d.coefficients, d.horizontal));
    d.vertical.colwise().normalize();
    d.horizontal = Solve(t.by_column, Products(d.coefficients, d.vertical));
  }
  d.horizontal.colwise().normalize();
  const MatrixXd products = Products(d.vertical, d.horizontal);
  d.coefficients = Solve(t.by_filter, products);
  d.error = (t.by_filter - d.coefficients * products.transpose()).squaredNorm();
  return d;
}

// The best of a few starts for the filters of a channel (a row each). Columns
// and rows are sought in the spaces that those of the filters span: made of six
// cosines, as ours, they need a tenth of the work of any.
Decomposition BestOfStarts(const RowMajor& filters, int size, int rank,
                           Random random) {
  const Unfolded whole(filters, size);
  const MatrixXd rows = BasisOf(whole.by_row);
  const MatrixXd columns = BasisOf(whole.by_column);
  RowMajor core(filters.rows(), rows.cols() * columns.cols());
  for (int f = 0; f < filters.rows(); ++f) {
    const Eigen::Map<const RowMajor> filter(filters.row(f).data(), size, size);
    const RowMajor inner = rows.transpose() * filter * columns;
    core.row(f) =
        Eigen::Map<const Eigen::RowVectorXd>(inner.data(), inner.size());
  }
  const Unfolded unfolded(core, static_cast<int>(rows.cols()));
  Decomposition best;
  for (int start = 0; start < kStarts; ++start) {
    Decomposition d = Decompose(unfolded, rank, random);
    if (start == 0 || d.error < best.error) best = std::move(d);
  }
  best.vertical = rows * best.vertical;
  best.horizontal = columns * best.horizontal;
  return best;
}

}  // namespace

std::string SeparableTilde::Validate() const {
  const int most = FilterBank::kMaxKernel;
  if (sums < 1 || maxes < 1 || channels < 1 || size < 1 || rank < 1 ||
      sums > most || maxes > most || channels > most || size > most ||
      rank > most) {
    return "a size is out of range";
  }
  const size_t filters = static_cast<size_t>(sums) * maxes;
  const size_t products = static_cast<size_t>(channels) * rank;
  if (lines.size() != 2 * products * size ||
      coefficients.size() != filters * products || bias.size() != filters) {
    return "the number of weights is wrong";
  }
  return DenseTilde(*this).Validate();
}

SeparableTilde SeparateTilde(const TildeFilters& filters, int rank,
                             uint64_t seed) {
  if (const std::string why = filters.Validate(); !why.empty()) {
    throw InputError("TILDE filters: " + why);
  }
  if (rank < 1 || rank > filters.size) {
    throw InputError("the separable filters of a channel must be 1 to " +
                     std::to_string(filters.size));
  }
  SeparableTilde result;
  result.resize_ratio = filters.resize_ratio;
  result.sums = filters.sums;
  result.maxes = filters.maxes;
  result.channels = filters.channels;
  result.size = filters.size;
  result.rank = rank;
  result.bias = filters.bias;
  const int count = filters.sums * filters.maxes;
  const int area = filters.size * filters.size;
  result.coefficients.resize(static_cast<size_t>(count) * filters.channels *
                             rank);
  std::vector<Decomposition> found(filters.channels);
  ParallelFor(filters.channels, [&](int c) {
    RowMajor bank(count, area);
    for (int f = 0; f < count; ++f) {
      const double* w = filters.filters.data() +
                        (static_cast<size_t>(f) * filters.channels + c) * area;
      bank.row(f) = Eigen::Map<const Eigen::RowVectorXd>(w, area);
    }
    found[c] =
        BestOfStarts(bank, filters.size, rank, Random(StreamSeed(seed, c)));
  });
  for (int c = 0; c < filters.channels; ++c) {
    const Decomposition& best = found[c];
    for (int k = 0; k < rank; ++k) {
      for (const MatrixXd* line : {&best.vertical, &best.horizontal}) {
        for (int i = 0; i < filters.size; ++i) {
          result.lines.push_back((*line)(i, k));
        }
      }
      for (int f = 0; f < count; ++f) {
        result.coefficients[(static_cast<size_t>(f) * filters.channels + c) *
                                rank +
                            k] = best.coefficients(f, k);
      }
    }
  }
  return result;
}

TildeFilters DenseTilde(const SeparableTilde& s) {
  TildeFilters dense;
  dense.resize_ratio = s.resize_ratio;
  dense.sums = s.sums;
  dense.maxes = s.maxes;
  dense.channels = s.channels;
  dense.size = s.size;
  dense.bias = s.bias;
  const int products = s.channels * s.rank;
  for (int f = 0; f < s.sums * s.maxes; ++f) {
    for (int c = 0; c < s.channels; ++c) {
      MatrixXd filter = MatrixXd::Zero(s.size, s.size);
      for (int j = c * s.rank; j < (c + 1) * s.rank; ++j) {
        const double* lines =
            s.lines.data() + 2 * static_cast<size_t>(j) * s.size;
        const Eigen::Map<const Eigen::VectorXd> v(lines, s.size);
        const Eigen::Map<const Eigen::VectorXd> h(lines + s.size, s.size);
        filter += s.coefficients[static_cast<size_t>(f) * products + j] * v *
                  h.transpose();
      }
      for (int y = 0; y < s.size; ++y) {
        for (int x = 0; x < s.size; ++x) dense.filters.push_back(filter(y, x));
      }
    }
  }
  return dense;
}

double RelativeDifference(const TildeFilters& a, const TildeFilters& b) {
  double difference = 0, whole = 0;
  for (size_t i = 0; i < a.filters.size(); ++i) {
    difference += std::pow(a.filters[i] - b.filters[i], 2);
    whole += std::pow(a.filters[i], 2);
  }
  return std::sqrt(difference / whole);
}

}  // namespace tiepoint
