// SPDX-License-Identifier: Apache-2.0
// Mutual nearest neighbours with both ratios, one thread: ours in each
// precision of the product, the product alone (ours in tiles, OpenCV's whole),
// OpenCV's brute force, the naive loop.
#include <benchmark/benchmark.h>

#include <limits>
#include <opencv2/features2d.hpp>

#include "tiepoint/base/parallel.h"
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
BENCHMARK(MatchNaive)->Arg(2048)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
