// SPDX-License-Identifier: Apache-2.0
// The steps of the preset `default`, each beside the plain way, and TILDE line
// by line beside TILDE by Fourier transforms; on one thread.
#include <benchmark/benchmark.h>

#include "tiepoint/base/parallel.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_detector.h"
#include "tiepoint/image/polar_grid.h"
#include "tiepoint/image/scale_space.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr int kWidth = 640, kHeight = 480;

GrayImage Noise() {
  GrayImage image(kWidth, kHeight);
  image.pixels = RandomValues(kWidth * kHeight, 3);
  for (float& v : image.pixels) v = 128 + 40 * v;
  return image;
}

std::vector<Keypoint> Keypoints() {
  std::vector<Keypoint> keypoints(256);
  float place = 0;
  for (Keypoint& k : keypoints) {
    k.x = 2.3f * place;
    k.y = 1.7f * place;
    k.scale = 2;
    ++place;
  }
  return keypoints;
}

Model JetModel() {
  return RandomModel(
      R"({"architecture": "jet", "input": [1, 21, 21], "layers": [
          {"type": "jet"},
          {"type": "conv", "name": "hidden", "out": 16, "kernel": 1},
          {"type": "relu"},
          {"type": "conv", "name": "score", "out": 1, "kernel": 1}]})",
      1);
}

void JetFused(benchmark::State& state) {
  SetNumThreads(1);
  const InferenceNetwork network(JetModel());
  const GrayImage image = Noise();
  int width = 0, height = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(network.RunDense(image.pixels.data(), kWidth,
                                              kHeight, &width, &height));
  }
}

void JetNaive(benchmark::State& state) {
  const Model model = JetModel();
  const GrayImage image = Noise();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        RunNaive(model, {1, kHeight, kWidth}, image.pixels));
  }
}

// Patches of 256 keypoints.
void PatchesByGrid(benchmark::State& state) {
  const PatchGeometry geometry{PatchGeometry::Grid::kLogPolar, 32, 28, 1, 0};
  const ImagePyramid pyramid(Noise());
  const PolarGrid grid(geometry);
  std::vector<float> patch(32 * 32);
  for (auto _ : state) {
    for (const Keypoint& k : Keypoints()) {
      grid.Sample(pyramid, k.x, k.y, k.scale, patch.data());
      benchmark::ClobberMemory();
    }
  }
}

void PatchesOneByOne(benchmark::State& state) {
  const PatchGeometry geometry{PatchGeometry::Grid::kLogPolar, 32, 28, 1, 0};
  const ImagePyramid pyramid(Noise());
  std::vector<float> patch(32 * 32);
  for (auto _ : state) {
    for (const Keypoint& k : Keypoints()) {
      SamplePatch(pyramid, k.x, k.y, k.scale, 0, geometry, patch.data());
      benchmark::ClobberMemory();
    }
  }
}

void LevelsFromEachOther(benchmark::State& state) {
  SetNumThreads(1);
  const ImagePyramid pyramid(Noise());
  for (auto _ : state) {
    ScaleLevels levels(pyramid);
    for (const double scale : ScaleSpaceOptions().Scales()) {
      benchmark::DoNotOptimize(levels.Next(scale));
    }
  }
}

void LevelsAlone(benchmark::State& state) {
  SetNumThreads(1);
  const ImagePyramid pyramid(Noise());
  for (auto _ : state) {
    for (const double scale : ScaleSpaceOptions().Scales()) {
      benchmark::DoNotOptimize(MakeScaleLevel(pyramid, scale));
    }
  }
}

// 16 filters of 21 x 21 over six channels, each of `rank` products of lines.
SeparableTilde Products(int rank) {
  SeparableTilde tilde;
  tilde.rank = rank;
  const auto fill = [](std::vector<double>& values, int count, uint64_t seed) {
    const auto drawn = RandomValues(count, seed);
    values.assign(drawn.begin(), drawn.end());
  };
  const int products = tilde.channels * rank;
  fill(tilde.lines, 2 * products * tilde.size, 1);
  fill(tilde.coefficients, 16 * products, 2);
  fill(tilde.bias, 16, 3);
  return tilde;
}

void DetectTilde(benchmark::State& state, const TildeDetector& detector) {
  SetNumThreads(1);
  const ImagePyramid pyramid(Noise());
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector.Detect(pyramid, 2048));
  }
}

void TildeByLines(benchmark::State& state) {
  const auto rank = static_cast<int>(state.range(0));
  DetectTilde(state, TildeDetector(Products(rank)));
}

void TildeByFourier(benchmark::State& state) {
  const auto rank = static_cast<int>(state.range(0));
  DetectTilde(state, TildeDetector(DenseTilde(Products(rank))));
}

// What a preset does before its first photograph: lines in a space of six
// dimensions, as those of the weights `tilde` are.
void TildeSeparated(benchmark::State& state) {
  SetNumThreads(1);
  const TildeFilters filters = DenseTilde(Products(6));
  for (auto _ : state) {
    benchmark::DoNotOptimize(SeparateTilde(filters, 4));
  }
}

BENCHMARK(TildeByLines)
    ->Arg(4)
    ->Arg(8)
    ->Arg(12)
    ->Arg(16)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(TildeByFourier)->Arg(4)->Unit(benchmark::kMillisecond);
BENCHMARK(TildeSeparated)->Unit(benchmark::kMillisecond);
BENCHMARK(JetFused)->Unit(benchmark::kMillisecond);
BENCHMARK(JetNaive)->Unit(benchmark::kMillisecond);
BENCHMARK(PatchesByGrid)->Unit(benchmark::kMillisecond);
BENCHMARK(PatchesOneByOne)->Unit(benchmark::kMillisecond);
BENCHMARK(LevelsFromEachOther)->Unit(benchmark::kMillisecond);
BENCHMARK(LevelsAlone)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
