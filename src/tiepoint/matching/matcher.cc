// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/matcher.h"

// One block is one thread's work; Eigen must not start threads of its own.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

using RowMatrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Rows of the first set that are one piece of work, and rows of the second set
// that one product covers (the tile of 256 KiB stays in the cache).
constexpr int kBlock = 128;
constexpr int kTile = 512;

// The distance that decides. Eight sums in a fixed order: the same for (a, b)
// and (b, a), on every address and for every number of threads.
float SquaredDistance(const float* a, const float* b, int size) {
  float sums[8] = {};
  int k = 0;
  for (; k + 8 <= size; k += 8) {
    for (int s = 0; s < 8; ++s) {
      const float difference = a[k + s] - b[k + s];
      sums[s] += difference * difference;
    }
  }
  for (int s = 0; k < size; ++k, ++s) {
    sums[s] += (a[k] - b[k]) * (a[k] - b[k]);
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
         ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

// |row|^2 made so much smaller that, whatever the rounding of the product,
// bound(a) + bound(b) - 2 a'b is at most SquaredDistance(a, b). Not a number
// when the row cannot be matched (NaN or infinity in it).
std::vector<float> NormBounds(const DescriptorMatrix& descriptors) {
  const double slack = 8.0 * (descriptors.cols + 8) * 0x1p-24;
  std::vector<float> bounds(descriptors.rows);
  for (int i = 0; i < descriptors.rows; ++i) {
    double norm = 0;
    for (int k = 0; k < descriptors.cols; ++k) {
      const double v = descriptors.Row(i)[k];
      norm += v * v;
    }
    bounds[i] = std::isfinite(static_cast<float>(norm))
                    ? static_cast<float>(norm * (1 - slack))
                    : std::numeric_limits<float>::quiet_NaN();
  }
  return bounds;
}

struct TopTwo {
  int index = -1;  // -1: nothing that can be matched
  float best = kInfinity;
  float second = kInfinity;

  // Candidates come by increasing index, so a tie leaves the lower one.
  void Add(int j, float distance) {
    if (distance < best) {
      second = best;
      best = distance;
      index = j;
    } else if (distance < second) {
      second = distance;
    }
  }
};

// The nearest row of the first set to one row of the second: squared distance
// (bits of a non-negative float order as the float does) above index, so that
// the smaller number is the nearer row, ties to the lower index.
constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();
uint64_t Pack(float distance, int index) {
  return static_cast<uint64_t>(std::bit_cast<uint32_t>(distance)) << 32 |
         static_cast<uint32_t>(index);
}

void LowerTo(std::atomic<uint64_t>& place, uint64_t value) {
  uint64_t seen = place.load(std::memory_order_relaxed);
  while (value < seen &&
         !place.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

// The product only sorts out: a pair whose lower bound beats what is known is
// measured exactly. That is a few pairs a row, and the answer is the one of
// the naive loop, to the bit.
std::vector<Match> MatchDescriptors(const DescriptorMatrix& first,
                                    const DescriptorMatrix& second,
                                    const MatchOptions& options) {
  if (first.rows == 0 || second.rows == 0) return {};
  if (first.cols != second.cols) {
    throw InputError("descriptors of " + std::to_string(first.cols) + " and " +
                     std::to_string(second.cols) +
                     " numbers cannot be matched with each other");
  }
  const int size = first.cols;
  const std::vector<float> first_bounds = NormBounds(first);
  const std::vector<float> second_bounds = NormBounds(second);
  const Eigen::Map<const RowMatrix> a(first.data.data(), first.rows, size);
  const Eigen::Map<const RowMatrix> b(second.data.data(), second.rows, size);

  std::vector<TopTwo> nearest(first.rows);
  std::vector<std::atomic<uint64_t>> back(second.rows);
  for (auto& place : back) place.store(kNone, std::memory_order_relaxed);

  ParallelFor((first.rows + kBlock - 1) / kBlock, [&](int block) {
    const int begin = block * kBlock;
    const int rows = std::min(kBlock, first.rows - begin);
    RowMatrix products;
    for (int start = 0; start < second.rows; start += kTile) {
      const int cols = std::min(kTile, second.rows - start);
      products.noalias() =
          a.middleRows(begin, rows) * b.middleRows(start, cols).transpose();
      float column_best[kTile];
      int column_index[kTile];
      std::fill_n(column_best, cols, kInfinity);
      for (int r = 0; r < rows; ++r) {
        TopTwo& row = nearest[begin + r];
        const float row_bound = first_bounds[begin + r];
        const float* product = products.data() + static_cast<size_t>(r) * cols;
        for (int c = 0; c < cols; ++c) {
          const float bound =
              row_bound + second_bounds[start + c] - 2 * product[c];
          if (!(bound < row.second || bound < column_best[c])) continue;
          const float distance = SquaredDistance(first.Row(begin + r),
                                                 second.Row(start + c), size);
          row.Add(start + c, distance);
          if (distance < column_best[c]) {
            column_best[c] = distance;
            column_index[c] = begin + r;
          }
        }
      }
      for (int c = 0; c < cols; ++c) {
        if (column_best[c] == kInfinity) continue;
        LowerTo(back[start + c], Pack(column_best[c], column_index[c]));
      }
    }
  });

  std::vector<Match> matches;
  for (int i = 0; i < first.rows; ++i) {
    const TopTwo& row = nearest[i];
    if (row.index < 0) continue;
    if (options.mutual && static_cast<uint32_t>(back[row.index].load()) !=
                              static_cast<uint32_t>(i)) {
      continue;
    }
    const bool has_second = row.second > 0 && row.second < kInfinity;
    const float ratio = has_second ? std::sqrt(row.best / row.second) : 1.0f;
    if (ratio > options.max_ratio) continue;
    matches.push_back({.i = i,
                       .j = row.index,
                       .similarity = 1 - row.best / 2,
                       .ratio = ratio});
  }
  return matches;
}

std::vector<Match> MatchBothWays(const DescriptorMatrix& first,
                                 const DescriptorMatrix& second) {
  const MatchOptions one_way{.mutual = false};
  std::vector<Match> matches = MatchDescriptors(first, second, one_way);
  std::vector<Match> back(second.rows, Match{.i = -1, .j = -1});
  for (const Match& match : MatchDescriptors(second, first, one_way)) {
    back[match.i] = match;
  }
  for (Match& match : matches) {
    const Match& of_j = back[match.j];
    match.mutual = of_j.j == match.i;
    if (match.mutual) {
      match.reverse_ratio = of_j.ratio;
      continue;
    }
    constexpr float kLargest = 2;
    const float own = 2 * (1 - match.similarity);  // squared distances
    const float nearest = 2 * (1 - of_j.similarity);
    match.reverse_ratio =
        nearest > 0 ? std::clamp(std::sqrt(own / nearest), 1.0f, kLargest)
                    : kLargest;
  }
  return matches;
}

std::vector<Match> MatchMutually(const DescriptorMatrix& first,
                                 const DescriptorMatrix& second) {
  std::vector<Match> matches = MatchBothWays(first, second);
  std::erase_if(matches, [](const Match& match) { return !match.mutual; });
  return matches;
}

}  // namespace tiepoint
