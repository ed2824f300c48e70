// SPDX-License-Identifier: Apache-2.0
#include "evaluation/ranked_matches.h"

// One block is one thread's work; Eigen must not start threads of its own.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <string>
#include <tuple>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

using RowMatrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr int kBlock = 128;

std::vector<float> SquaredNorms(const DescriptorMatrix& descriptors, int rows) {
  std::vector<float> norms(rows);
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int k = 0; k < descriptors.cols; ++k) {
      const double v = descriptors.Row(i)[k];
      sum += v * v;
    }
    norms[i] = static_cast<float>(sum);
  }
  return norms;
}

struct Candidate {
  float distance = 0;
  int i = 0, j = 0;
  bool operator>(const Candidate& other) const {
    return std::tie(distance, i, j) >
           std::tie(other.distance, other.i, other.j);
  }
};

}  // namespace

DistanceMatrix AllDistances(const DescriptorMatrix& first,
                            const DescriptorMatrix& second, int count) {
  DistanceMatrix result;
  result.rows = count > 0 ? std::min(first.rows, count) : first.rows;
  result.cols = count > 0 ? std::min(second.rows, count) : second.rows;
  if (result.rows == 0 || result.cols == 0) return result;
  if (first.cols != second.cols) {
    throw InputError("descriptors of " + std::to_string(first.cols) + " and " +
                     std::to_string(second.cols) +
                     " numbers cannot be compared with each other");
  }
  const std::vector<float> norms1 = SquaredNorms(first, result.rows);
  const std::vector<float> norms2 = SquaredNorms(second, result.cols);
  const Eigen::Map<const RowMatrix> a(first.data.data(), result.rows,
                                      first.cols);
  const Eigen::Map<const RowMatrix> b(second.data.data(), result.cols,
                                      second.cols);
  result.data.resize(static_cast<size_t>(result.rows) * result.cols);
  ParallelFor((result.rows + kBlock - 1) / kBlock, [&](int block) {
    const int begin = block * kBlock;
    const int rows = std::min(kBlock, result.rows - begin);
    const RowMatrix products = a.middleRows(begin, rows) * b.transpose();
    for (int r = 0; r < rows; ++r) {
      float* out =
          result.data.data() + static_cast<size_t>(begin + r) * result.cols;
      for (int c = 0; c < result.cols; ++c) {
        const float square = norms1[begin + r] + norms2[c] - 2 * products(r, c);
        // A comparison that keeps what is not a number.
        out[c] = std::sqrt(square < 0 ? 0 : square);
      }
    }
  });
  return result;
}

// Each row waits with its nearest free column; a row that comes too late looks
// again. That is a few looks a row, where sorting would handle all pairs.
std::vector<std::pair<int, int>> GreedyNearest(
    const DistanceMatrix& distances) {
  std::vector<char> taken(distances.cols, 0);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto push_nearest = [&](int i) {
    Candidate best{std::numeric_limits<float>::infinity(), i, -1};
    for (int j = 0; j < distances.cols; ++j) {
      if (!taken[j] && distances.At(i, j) < best.distance) {
        best.distance = distances.At(i, j);
        best.j = j;
      }
    }
    if (best.j >= 0) queue.push(best);
  };
  for (int i = 0; i < distances.rows; ++i) push_nearest(i);
  std::vector<std::pair<int, int>> pairs;
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    if (taken[best.j]) {
      push_nearest(best.i);
    } else {
      taken[best.j] = 1;
      pairs.emplace_back(best.i, best.j);
    }
  }
  return pairs;
}

double RankedPrecisionAuc(const std::vector<bool>& correct, int positives) {
  if (positives <= 0 || correct.empty()) return 0;
  double area = 0;
  int found = 0;
  double previous_precision = correct[0] ? 1 : 0;
  double previous_recall = 0;
  for (size_t k = 0; k < correct.size(); ++k) {
    found += correct[k];
    const double precision = found / static_cast<double>(k + 1);
    const double recall = found / static_cast<double>(positives);
    area += (recall - previous_recall) * (precision + previous_precision) / 2;
    previous_precision = precision;
    previous_recall = recall;
  }
  return area;
}

}  // namespace tiepoint
