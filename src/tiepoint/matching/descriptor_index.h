// SPDX-License-Identifier: Apache-2.0
// The nearest among the descriptors of a whole collection.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

struct Neighbour {
  int64_t row = -1;  // in the order of Add; -1: there are not so many
  float distance = 0;
  bool operator==(const Neighbour&) const = default;
};

struct DescriptorIndexOptions {
  enum class Kind {
    // All are compared, by a matrix product (distance_bounds.h): on a processor
    // with bfloat16, and for queries by the hundred, the quicker one up to some
    // 100000 rows (bench: SearchCollection).
    kExact,
    // Hierarchical navigable small worlds (Malkov and Yashunin, PAMI 2020), of
    // hnswlib: a few thousand comparisons a query whatever the number, some
    // neighbours missed, and slow to build.
    kGraph,
  };
  Kind kind = Kind::kExact;
  // kGraph. Links a row; candidates looked at when a row is added and when one
  // is searched for. More find more, and take longer.
  int links = 16;
  int build_effort = 100;
  int search_effort = 64;
  uint64_t seed = 0;
  // Rows of one graph: graphs are built side by side, each by one thread in the
  // order of its rows, so that they do not depend on the number of threads.
  int64_t rows_per_graph = int64_t{1} << 18;
};

// Descriptors by Euclidean distance. Add all, Build, then Search from any
// number of threads.
class DescriptorIndex {
 public:
  explicit DescriptorIndex(const DescriptorIndexOptions& options = {});
  ~DescriptorIndex();
  DescriptorIndex(const DescriptorIndex&) = delete;
  DescriptorIndex& operator=(const DescriptorIndex&) = delete;

  // Appends copies of the rows; returns the number of the first. Throws
  // InputError when they are of another length than those before. Rows that
  // hold NaN or infinity keep their numbers and are never found.
  int64_t Add(const DescriptorMatrix& descriptors);
  // After the last Add, before the first Search.
  void Build();
  int64_t Size() const;

  // The `count` nearest rows of each query, nearest first, ties by the lower
  // row: queries.rows x count. Throws InputError for queries of another length,
  // std::logic_error without Build.
  std::vector<Neighbour> Search(const DescriptorMatrix& queries,
                                int count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tiepoint
