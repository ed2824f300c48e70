// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/matching/descriptor_index.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/matching/distance_bounds.h"
#include "tiepoint/matching/exact_distance.h"

namespace tiepoint {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// hnswlib with our distance, which is compiled for every processor.
class Space : public hnswlib::SpaceInterface<float> {
 public:
  explicit Space(int cols) : cols_(cols) {}
  size_t get_data_size() override { return cols_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return [](const void* a, const void* b, const void* cols) {
      return SquaredDistance(static_cast<const float*>(a),
                             static_cast<const float*>(b),
                             *static_cast<const int*>(cols));
    };
  }
  void* get_dist_func_param() override { return &cols_; }

 private:
  int cols_;
};
using Graph = hnswlib::HierarchicalNSW<float>;

// The nearest so far, nearest first; squared distances.
class Best {
 public:
  Best(Neighbour* places, int count) : places_(places), count_(count) {
    std::fill_n(places, count, Neighbour{.row = -1, .distance = kInfinity});
  }
  float Farthest() const { return places_[count_ - 1].distance; }
  void Add(int64_t row, float distance) {
    const Neighbour added{.row = row, .distance = distance};
    if (!Nearer(added, places_[count_ - 1])) return;
    int k = count_ - 1;
    for (; k > 0 && Nearer(added, places_[k - 1]); --k) {
      places_[k] = places_[k - 1];
    }
    places_[k] = added;
  }

 private:
  static bool Nearer(const Neighbour& a, const Neighbour& b) {
    return a.distance < b.distance ||
           (a.distance == b.distance && b.row >= 0 && a.row < b.row);
  }
  Neighbour* places_;
  int count_;
};

bool Usable(const float* row, int cols) {
  // As distance_bounds.h: its square is a float.
  double norm = 0;
  for (int k = 0; k < cols; ++k) norm += static_cast<double>(row[k]) * row[k];
  return std::isfinite(static_cast<float>(norm));
}

}  // namespace

struct DescriptorIndex::State {
  explicit State(const DescriptorIndexOptions& o) : options(o) {}

  // Rows of one graph, or of one piece of the exact comparison.
  struct Part {
    int64_t first = 0;
    DescriptorMatrix rows;
    std::unique_ptr<Graph> graph;
  };

  DescriptorIndexOptions options;
  int cols = 0;
  int64_t size = 0;
  std::unique_ptr<Space> space;
  std::vector<Part> parts;
  bool built = false;

  void BuildGraph(Part& part) const;
  void SearchExactly(const Part& part, const DescriptorMatrix& queries,
                     std::vector<Best>& best) const;
};

DescriptorIndex::DescriptorIndex(const DescriptorIndexOptions& options)
    : state_(std::make_unique<State>(options)) {
  if (options.links < 2 || options.build_effort < 1 ||
      options.search_effort < 1 || options.rows_per_graph < 1) {
    throw InputError("an index needs links, efforts and rows");
  }
}
DescriptorIndex::~DescriptorIndex() = default;

int64_t DescriptorIndex::Size() const { return state_->size; }

int64_t DescriptorIndex::Add(const DescriptorMatrix& descriptors) {
  State& s = *state_;
  const int64_t first = s.size;
  if (descriptors.rows == 0) return first;
  if (s.cols == 0) s.cols = descriptors.cols;
  if (descriptors.cols != s.cols) {
    throw InputError("descriptors of " + std::to_string(descriptors.cols) +
                     " numbers cannot be added to those of " +
                     std::to_string(s.cols));
  }
  s.built = false;
  for (int i = 0; i < descriptors.rows; ++i) {
    if (s.parts.empty() ||
        s.parts.back().rows.rows >= s.options.rows_per_graph) {
      s.parts.push_back(
          {.first = s.size, .rows = {0, s.cols, {}}, .graph = nullptr});
    }
    State::Part& part = s.parts.back();
    part.graph.reset();
    part.rows.data.insert(part.rows.data.end(), descriptors.Row(i),
                          descriptors.Row(i) + s.cols);
    ++part.rows.rows;
    ++s.size;
  }
  return first;
}

void DescriptorIndex::State::BuildGraph(Part& part) const {
  part.graph =
      std::make_unique<Graph>(space.get(), part.rows.rows, options.links,
                              options.build_effort, options.seed);
  part.graph->setEf(options.search_effort);
  for (int i = 0; i < part.rows.rows; ++i) {
    if (i % 1024 == 0) CheckInterrupt();
    if (Usable(part.rows.Row(i), cols)) {
      part.graph->addPoint(part.rows.Row(i), i);
    }
  }
}

void DescriptorIndex::Build() {
  State& s = *state_;
  if (s.options.kind == DescriptorIndexOptions::Kind::kGraph && s.cols > 0) {
    if (!s.space) s.space = std::make_unique<Space>(s.cols);
    ParallelFor(static_cast<int>(s.parts.size()), [&](int i) {
      if (!s.parts[i].graph) s.BuildGraph(s.parts[i]);
    });
  }
  s.built = true;
}

void DescriptorIndex::State::SearchExactly(const Part& part,
                                           const DescriptorMatrix& queries,
                                           std::vector<Best>& best) const {
  constexpr int kRows = DistanceBounds::kRows;
  constexpr int kColumns = DistanceBounds::kColumns;
  const DistanceBounds bounds(queries, part.rows, ProductPrecision::kFastest);
  const std::vector<float> nothing(kColumns, -kInfinity);
  WorkspacePool<std::shared_ptr<DistanceBounds::Workspace>> pool([&] {
    return std::make_unique<std::shared_ptr<DistanceBounds::Workspace>>(
        bounds.MakeWorkspace());
  });
  ParallelFor(bounds.RowBlocks(), [&](int block) {
    auto work = pool.Take();
    bounds.SetBlock(**work, block);
    const int rows = std::min(kRows, queries.rows - block * kRows);
    for (int t = 0; t < bounds.Tiles(); ++t) {
      const DistanceBounds::Tile tile = bounds.Compute(**work, t);
      for (int r = 0; r < rows; ++r) {
        Best& nearest = best[block * kRows + r];
        constexpr int kChunk = 64;
        for (int c0 = 0; c0 < kColumns; c0 += kChunk) {
          const float* products = tile.products + r * kColumns;
          if (!AnyCandidate(products + c0, tile.column_bounds + c0,
                            nothing.data(), tile.factor, tile.row_bounds[r],
                            nearest.Farthest(), kChunk)) {
            continue;
          }
          for (int c = c0; c < c0 + kChunk; ++c) {
            const float bound = tile.row_bounds[r] + tile.column_bounds[c] -
                                tile.factor * products[c];
            if (!(bound <= nearest.Farthest())) continue;
            const int j = t * kColumns + c;
            nearest.Add(part.first + j,
                        SquaredDistance(queries.Row(block * kRows + r),
                                        part.rows.Row(j), cols));
          }
        }
      }
    }
    pool.Return(std::move(work));
  });
}

std::vector<Neighbour> DescriptorIndex::Search(const DescriptorMatrix& queries,
                                               int count) const {
  const State& s = *state_;
  if (!s.built) throw std::logic_error("DescriptorIndex::Build comes first");
  std::vector<Neighbour> found(static_cast<size_t>(queries.rows) * count);
  if (found.empty()) return found;
  if (s.size > 0 && queries.cols != s.cols) {
    throw InputError("queries of " + std::to_string(queries.cols) +
                     " numbers cannot be searched for among descriptors of " +
                     std::to_string(s.cols));
  }
  std::vector<Best> best;
  best.reserve(queries.rows);
  for (int i = 0; i < queries.rows; ++i) {
    best.emplace_back(found.data() + static_cast<size_t>(i) * count, count);
  }
  if (s.options.kind == DescriptorIndexOptions::Kind::kExact) {
    for (const State::Part& part : s.parts) {
      s.SearchExactly(part, queries, best);
    }
  } else {
    ParallelFor(queries.rows, [&](int i) {
      if (!Usable(queries.Row(i), queries.cols)) return;
      for (const State::Part& part : s.parts) {
        auto nearest = part.graph->searchKnn(queries.Row(i), count);
        for (; !nearest.empty(); nearest.pop()) {
          best[i].Add(part.first + static_cast<int64_t>(nearest.top().second),
                      nearest.top().first);
        }
      }
    });
  }
  for (Neighbour& neighbour : found) {
    neighbour.distance = neighbour.row < 0 ? 0 : std::sqrt(neighbour.distance);
  }
  return found;
}

}  // namespace tiepoint
