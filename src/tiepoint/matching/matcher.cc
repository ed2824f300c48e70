// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/matcher.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/matching/exact_distance.h"

namespace tiepoint {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kRows = DistanceBounds::kRows;
constexpr int kColumns = DistanceBounds::kColumns;

// The two nearest of the other set, ties to the lower index, whatever the order
// in which candidates come.
struct TopTwo {
  int index = -1;  // -1: nothing that can be matched
  float best = kInfinity;
  float second = kInfinity;

  void Add(int candidate, float distance) {
    if (distance < best || (distance == best && candidate < index)) {
      second = best;
      best = distance;
      index = candidate;
    } else if (distance < second) {
      second = distance;
    }
  }
  void Add(const TopTwo& other) {
    if (other.index < 0) return;
    Add(other.index, other.best);
    second = std::min(second, other.second);
  }
  float Ratio() const {
    const bool has_second = second > 0 && second < kInfinity;
    return has_second ? std::sqrt(best / second) : 1.0f;
  }
};

// What one thread has seen: the top two of each column among its blocks, the
// second distances apart for the loop below.
struct Columns {
  std::vector<TopTwo> nearest;
  std::vector<float> second;
  std::shared_ptr<DistanceBounds::Workspace> work;
};

struct Nearest {
  std::vector<TopTwo> of_first, of_second;
};

// The product only sorts out: a pair whose lower bound beats what is known is
// measured exactly. That is a few pairs a row, and the answer is the one of
// the naive loop, to the bit.
Nearest NearestBothWays(const DescriptorMatrix& first,
                        const DescriptorMatrix& second,
                        ProductPrecision precision) {
  if (first.cols != second.cols) {
    throw InputError("descriptors of " + std::to_string(first.cols) + " and " +
                     std::to_string(second.cols) +
                     " numbers cannot be matched with each other");
  }
  Nearest result;
  result.of_first.resize(first.rows);
  result.of_second.resize(second.rows);
  if (first.cols == 0) return result;
  const DistanceBounds bounds(first, second, precision);
  const int tiles = bounds.Tiles();
  std::mutex mutex;
  std::vector<Columns*> all;
  WorkspacePool<Columns> pool([&] {
    auto columns = std::make_unique<Columns>();
    columns->nearest.resize(static_cast<size_t>(tiles) * kColumns);
    columns->second.resize(columns->nearest.size(), kInfinity);
    columns->work = bounds.MakeWorkspace();
    const std::lock_guard lock(mutex);
    all.push_back(columns.get());
    return columns;
  });
  ParallelFor(bounds.RowBlocks(), [&](int block) {
    auto columns = pool.Take();
    bounds.SetBlock(*columns->work, block);
    const int begin = block * kRows;
    const int rows = std::min(kRows, first.rows - begin);
    for (int t = 0; t < tiles; ++t) {
      const DistanceBounds::Tile tile = bounds.Compute(*columns->work, t);
      for (int r = 0; r < rows; ++r) {
        TopTwo& row = result.of_first[begin + r];
        constexpr int kChunk = 64;
        for (int c0 = 0; c0 < kColumns; c0 += kChunk) {
          const float* products = tile.products + r * kColumns;
          float* column_second = columns->second.data() + t * kColumns;
          if (!AnyCandidate(products + c0, tile.column_bounds + c0,
                            column_second + c0, tile.factor, tile.row_bounds[r],
                            row.second, kChunk)) {
            continue;
          }
          for (int c = c0; c < c0 + kChunk; ++c) {
            const float bound = tile.row_bounds[r] + tile.column_bounds[c] -
                                tile.factor * products[c];
            if (!(bound <= std::max(row.second, column_second[c]))) continue;
            const int i = begin + r, j = t * kColumns + c;
            const float distance =
                SquaredDistance(first.Row(i), second.Row(j), first.cols);
            row.Add(j, distance);
            TopTwo& column = columns->nearest[j];
            column.Add(i, distance);
            column_second[c] = column.second;
          }
        }
      }
    }
    pool.Return(std::move(columns));
  });
  for (const Columns* columns : all) {
    for (int j = 0; j < second.rows; ++j) {
      result.of_second[j].Add(columns->nearest[j]);
    }
  }
  return result;
}

}  // namespace

std::vector<Match> MatchDescriptors(const DescriptorMatrix& first,
                                    const DescriptorMatrix& second,
                                    const MatchOptions& options) {
  if (first.rows == 0 || second.rows == 0) return {};
  const Nearest nearest = NearestBothWays(first, second, options.precision);
  const double farthest = options.max_distance * options.max_distance;
  std::vector<Match> matches;
  for (int i = 0; i < first.rows; ++i) {
    const TopTwo& row = nearest.of_first[i];
    if (row.index < 0 || row.best > farthest) continue;
    if (options.mutual && nearest.of_second[row.index].index != i) continue;
    const float ratio = row.Ratio();
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
  if (first.rows == 0 || second.rows == 0) return {};
  const Nearest nearest =
      NearestBothWays(first, second, ProductPrecision::kFastest);
  std::vector<Match> matches;
  for (int i = 0; i < first.rows; ++i) {
    const TopTwo& row = nearest.of_first[i];
    if (row.index < 0) continue;
    const TopTwo& back = nearest.of_second[row.index];
    Match match{.i = i,
                .j = row.index,
                .similarity = 1 - row.best / 2,
                .ratio = row.Ratio(),
                .mutual = back.index == i};
    if (match.mutual) {
      match.reverse_ratio = back.Ratio();
    } else {
      constexpr float kLargest = 2;
      match.reverse_ratio =
          back.best > 0
              ? std::clamp(std::sqrt(row.best / back.best), 1.0f, kLargest)
              : kLargest;
    }
    matches.push_back(match);
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
