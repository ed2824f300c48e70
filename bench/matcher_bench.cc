// SPDX-License-Identifier: Apache-2.0
// Mutual nearest neighbours with both ratios, one thread: ours in each
// precision of the product, the product alone (ours in tiles, OpenCV's whole),
// OpenCV's brute force, the naive loop.
#include <benchmark/benchmark.h>

#include <limits>
#include <opencv2/features2d.hpp>

#include "tiepoint/base/parallel.h"
#include "tiepoint/matching/descriptor_index.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr int kSize = 128;

DescriptorMatrix Descriptors(int rows, uint64_t seed) {
  DescriptorMatrix result{rows, kSize, RandomValues(rows * kSize, seed)};
  for (int i = 0; i < rows; ++i) {
    float norm = 0;
    for (int k = 0; k < kSize; ++k) norm += result.Row(i)[k] * result.Row(i)[k];
    for (int k = 0; k < kSize; ++k) result.Row(i)[k] /= std::sqrt(norm);
  }
  return result;
}

ProductPrecision PrecisionOf(const benchmark::State& state) {
  return static_cast<ProductPrecision>(state.range(1));
}

// 2 operations for each pair of numbers.
void CountProduct(benchmark::State& state) {
  const auto rows = static_cast<double>(state.range(0));
  state.counters["FLOP/s"] = benchmark::Counter(
      2 * rows * rows * kSize, benchmark::Counter::kIsIterationInvariantRate,
      benchmark::Counter::kIs1000);
}

void MatchOurs(benchmark::State& state) {
  SetNumThreads(1);
  const auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  const auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  const MatchOptions options{.precision = PrecisionOf(state)};
  for (auto _ : state) {
    benchmark::DoNotOptimize(MatchDescriptors(a, b, options));
  }
  CountProduct(state);
}

void ProductAlone(benchmark::State& state) {
  SetNumThreads(1);
  const auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  const auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  const DistanceBounds bounds(a, b, PrecisionOf(state));
  const auto work = bounds.MakeWorkspace();
  for (auto _ : state) {
    for (int block = 0; block < bounds.RowBlocks(); ++block) {
      bounds.SetBlock(*work, block);
      for (int tile = 0; tile < bounds.Tiles(); ++tile) {
        benchmark::DoNotOptimize(bounds.Compute(*work, tile).products);
      }
    }
  }
  CountProduct(state);
}

cv::Mat View(DescriptorMatrix& descriptors) {
  return {descriptors.rows, kSize, CV_32F, descriptors.data.data()};
}

void ProductOpenCv(benchmark::State& state) {
  cv::setNumThreads(1);
  auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  cv::Mat product;
  for (auto _ : state) {
    cv::gemm(View(a), View(b), 1, cv::noArray(), 0, product, cv::GEMM_2_T);
  }
  CountProduct(state);
}

void MatchOpenCv(benchmark::State& state) {
  cv::setNumThreads(1);
  auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  const cv::BFMatcher matcher(cv::NORM_L2);
  std::vector<std::vector<cv::DMatch>> matches;
  for (auto _ : state) matcher.knnMatch(View(a), View(b), matches, 2);
}

std::vector<int> Nearest(const DescriptorMatrix& a, const DescriptorMatrix& b) {
  std::vector<int> nearest(a.rows);
  for (int i = 0; i < a.rows; ++i) {
    float best = std::numeric_limits<float>::infinity();
    for (int j = 0; j < b.rows; ++j) {
      float sum = 0;
      for (int k = 0; k < kSize; ++k) {
        const float d = a.Row(i)[k] - b.Row(j)[k];
        sum += d * d;
      }
      if (sum < best) {
        best = sum;
        nearest[i] = j;
      }
    }
  }
  return nearest;
}

void MatchNaive(benchmark::State& state) {
  const auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  const auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(Nearest(a, b));
    benchmark::DoNotOptimize(Nearest(b, a));
  }
}

// Each row is one of 4096 points, seen with some noise: as in a collection,
// where many photographs show the same.
DescriptorMatrix Views(int rows, uint64_t seed) {
  static const DescriptorMatrix points = Descriptors(4096, 9);
  DescriptorMatrix result{rows, kSize, RandomValues(rows * kSize, seed)};
  for (int i = 0; i < rows; ++i) {
    const float* point = points.Row(static_cast<int>(
        (static_cast<uint64_t>(i) * 2654435761u + seed) % 4096));
    for (int k = 0; k < kSize; ++k) {
      result.Row(i)[k] = point[k] + 0.05f * result.Row(i)[k];
    }
  }
  return result;
}

// The two nearest of 512 queries among many rows: all compared, or by a graph
// (its share of the right answers as a counter).
void SearchCollection(benchmark::State& state) {
  SetNumThreads(1);
  constexpr int kQueries = 512;
  const auto rows = Views(static_cast<int>(state.range(0)), 1);
  const auto queries = Views(kQueries, 2);
  DescriptorIndexOptions options;
  DescriptorIndex exact(options);
  options.kind = DescriptorIndexOptions::Kind::kGraph;
  DescriptorIndex graph(options);
  const bool use_graph = state.range(1) != 0;
  for (DescriptorIndex* index : {&exact, &graph}) {
    if (index == &graph && !use_graph) continue;
    index->Add(rows);
    index->Build();
  }
  const DescriptorIndex& index = use_graph ? graph : exact;
  for (auto _ : state) benchmark::DoNotOptimize(index.Search(queries, 2));
  state.counters["per_query"] = benchmark::Counter(
      kQueries, benchmark::Counter::kIsIterationInvariantRate |
                    benchmark::Counter::kInvert);
  const auto found = index.Search(queries, 2), right = exact.Search(queries, 2);
  int same = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    same += found[i].row == right[i].row;
  }
  state.counters["right"] = same / static_cast<double>(found.size());
}

const std::vector<std::vector<int64_t>> kSizesAndPrecisions = {
    {2048, 8192},
    {static_cast<int64_t>(ProductPrecision::kInt8),
     static_cast<int64_t>(ProductPrecision::kBfloat16),
     static_cast<int64_t>(ProductPrecision::kFloat)}};
BENCHMARK(MatchOurs)
    ->ArgsProduct(kSizesAndPrecisions)
    ->ArgNames({"rows", "int8_bf16_f32"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(ProductAlone)
    ->ArgsProduct(kSizesAndPrecisions)
    ->ArgNames({"rows", "int8_bf16_f32"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(ProductOpenCv)->Arg(2048)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK(MatchOpenCv)->Arg(2048)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK(SearchCollection)
    ->ArgsProduct({{1 << 14, 1 << 17}, {0, 1}})
    ->ArgNames({"rows", "graph"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(MatchNaive)->Arg(2048)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
