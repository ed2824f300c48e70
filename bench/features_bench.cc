// SPDX-License-Identifier: Apache-2.0
// The steps of the preset `default`, each beside the plain way, on one thread.
#include <benchmark/benchmark.h>

#include "tiepoint/base/parallel.h"
#include "tiepoint/features/keypoint.h"
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

BENCHMARK(JetFused)->Unit(benchmark::kMillisecond);
BENCHMARK(JetNaive)->Unit(benchmark::kMillisecond);
BENCHMARK(PatchesByGrid)->Unit(benchmark::kMillisecond);
BENCHMARK(PatchesOneByOne)->Unit(benchmark::kMillisecond);
BENCHMARK(LevelsFromEachOther)->Unit(benchmark::kMillisecond);
BENCHMARK(LevelsAlone)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
