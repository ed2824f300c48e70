// SPDX-License-Identifier: Apache-2.0
// Mutual nearest neighbours: ours, OpenCV's brute force, the naive loop.
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

void MatchOurs(benchmark::State& state) {
  SetNumThreads(1);
  const auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  const auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  for (auto _ : state) benchmark::DoNotOptimize(MatchDescriptors(a, b));
}

void MatchOpenCv(benchmark::State& state) {
  cv::setNumThreads(1);
  auto a = Descriptors(static_cast<int>(state.range(0)), 1);
  auto b = Descriptors(static_cast<int>(state.range(0)), 2);
  const cv::Mat first(a.rows, kSize, CV_32F, a.data.data());
  const cv::Mat second(b.rows, kSize, CV_32F, b.data.data());
  const cv::BFMatcher matcher(cv::NORM_L2, /*crossCheck=*/true);
  std::vector<cv::DMatch> matches;
  for (auto _ : state) matcher.match(first, second, matches);
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

BENCHMARK(MatchOurs)->Arg(2048)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK(MatchOpenCv)->Arg(2048)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK(MatchNaive)->Arg(2048)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
