// SPDX-License-Identifier: Apache-2.0
// Essential matrices of 2000 matches, 70 % of them wrong: ours with equal
// weights and with those of a good classifier, OpenCV's MAGSAC and RANSAC. One
// thread. The ratio of ours to RANSAC is reported as a counter.
#include <benchmark/benchmark.h>

#include <chrono>
#include <opencv2/calib3d.hpp>

#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/five_point.h"
#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/synthetic_scene.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {
namespace {

constexpr double kMaxError = 1.5;
constexpr double kConfidence = 0.999;

struct Matches {
  Scene scene;
  std::vector<PointPair> pairs;
  std::vector<double> weights;                // 19 of 20 are right
  std::vector<cv::Point2d> points1, points2;  // on the plane Z = 1
};

const Matches& TheMatches() {
  static const Matches matches = [] {
    Matches result;
    result.scene.noise = 0.5;
    Random random(1);
    Scene right = result.scene, wrong = result.scene;
    right.count = 600;
    wrong.count = 1400;
    wrong.outliers = 1;
    for (const Scene& part : {right, wrong}) {
      for (const PointPair& pair : Pairs(part, 2)) {
        result.pairs.push_back(pair);
        result.weights.push_back(
            random.Chance(0.95) == (part.outliers == 0) ? 0.9 : 0.0);
      }
    }
    for (int i = 1999; i > 0; --i) {
      const int k = random.Integer(i + 1);
      std::swap(result.pairs[i], result.pairs[k]);
      std::swap(result.weights[i], result.weights[k]);
    }
    for (const PointPair& pair : result.pairs) {
      const PointPair p = Normalized(pair, kCamera1, kCamera2);
      result.points1.emplace_back(p.x1, p.y1);
      result.points2.emplace_back(p.x2, p.y2);
    }
    return result;
  }();
  return matches;
}

cv::Mat Ransac() {
  cv::setNumThreads(1);
  const Matches& m = TheMatches();
  return cv::findEssentialMat(m.points1, m.points2, cv::Matx33d::eye(),
                              cv::RANSAC, kConfidence, 0.001);
}

std::optional<Matrix3> Magsac(uint64_t seed) {
  TwoViewOptions options;
  options.model = TwoViewModel::kEssential;
  options.max_error = kMaxError;
  options.confidence = kConfidence;
  options.seed = seed;
  return UsacMagsac(TheMatches().pairs, kCamera1, kCamera2, options);
}

std::optional<GuidedEssential> Ours(bool weighted, uint64_t seed) {
  const Matches& m = TheMatches();
  return EstimateEssential(
      m.pairs, weighted ? m.weights : std::vector<double>(), kCamera1, kCamera2,
      {.max_error = kMaxError, .confidence = kConfidence, .seed = seed});
}

template <typename Function>
double Seconds(const Function& function) {
  constexpr int kRuns = 20;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRuns; ++i) benchmark::DoNotOptimize(function(i));
  const std::chrono::duration<double> time =
      std::chrono::steady_clock::now() - start;
  return time.count() / kRuns;
}

// How many times quicker than OpenCV's RANSAC and MAGSAC; degrees of error.
void AddCounters(benchmark::State& state, double seconds,
                 const RelativePose& pose) {
  static const double ransac = Seconds([](int) { return Ransac(); });
  static const double magsac = Seconds([](int i) { return Magsac(i); });
  state.counters["ransac/this"] = ransac / seconds;
  state.counters["magsac/this"] = magsac / seconds;
  const Scene& scene = TheMatches().scene;
  state.counters["degrees"] = std::max(RotationErrorDegrees(pose, scene),
                                       TranslationErrorDegrees(pose, scene));
}

RelativePose PoseOf(const Matrix3& essential) {
  std::vector<PointPair> voters;
  const Matches& m = TheMatches();
  const Matrix3 f = FundamentalFromEssential(essential, kCamera1, kCamera2);
  for (const int i : EpipolarInliers(f, m.pairs, kMaxError)) {
    voters.push_back(Normalized(m.pairs[i], kCamera1, kCamera2));
  }
  return PoseFromEssential(essential, voters);
}

// A new seed each time: the number of samples is luck.
void EssentialGuided(benchmark::State& state) {
  const bool weighted = state.range(0) != 0;
  uint64_t seed = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Ours(weighted, seed++));
  AddCounters(state, Seconds([&](int i) { return Ours(weighted, i); }),
              Ours(weighted, 0)->pose);
}

void EssentialMagsac(benchmark::State& state) {
  uint64_t seed = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Magsac(seed++));
  AddCounters(state, Seconds([](int i) { return Magsac(i); }),
              PoseOf(*Magsac(0)));
}

void EssentialRansac(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Ransac());
  const cv::Mat e = Ransac();
  Matrix3 essential;
  for (int k = 0; k < 9; ++k) essential[k] = e.at<double>(k / 3, k % 3);
  AddCounters(state, Seconds([](int) { return Ransac(); }), PoseOf(essential));
}

void FivePointSolver(benchmark::State& state) {
  std::vector<std::array<PointPair, 5>> samples(400);
  const Matches& m = TheMatches();
  for (size_t i = 0; i < 2000; ++i) {
    samples[i / 5][i % 5] = Normalized(m.pairs[i], kCamera1, kCamera2);
  }
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(FivePoint(samples[i++ % samples.size()]));
  }
}

BENCHMARK(EssentialGuided)
    ->ArgName("weights")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(EssentialMagsac)->Unit(benchmark::kMillisecond);
BENCHMARK(EssentialRansac)->Unit(benchmark::kMillisecond);
BENCHMARK(FivePointSolver)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tiepoint
