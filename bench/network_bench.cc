// SPDX-License-Identifier: Apache-2.0
// The three networks on one thread, with the layers that LIFT has: one level of
// the detector, one batch of patches of the others.
#include <benchmark/benchmark.h>

#include "tiepoint/base/parallel.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr char kDetector[] = R"({"architecture": "detector",
  "input": [1, 25, 25], "layers": [
  {"type": "conv", "name": "conv", "out": 16, "kernel": 25},
  {"type": "ghh"}]})";
constexpr char kOrientation[] = R"({"architecture": "orientation",
  "input": [1, 64, 64], "layers": [
  {"type": "conv", "name": "conv1", "out": 10, "kernel": 5}, {"type": "relu"},
  {"type": "max_pool", "kernel": 2},
  {"type": "conv", "name": "conv2", "out": 20, "kernel": 5}, {"type": "relu"},
  {"type": "max_pool", "kernel": 2},
  {"type": "conv", "name": "conv3", "out": 50, "kernel": 3}, {"type": "relu"},
  {"type": "max_pool", "kernel": 2},
  {"type": "linear", "name": "fc4", "out": 1600}, {"type": "ghh"},
  {"type": "linear", "name": "fc5", "out": 32}, {"type": "ghh"}]})";
constexpr char kDescriptor[] = R"({"architecture": "descriptor",
  "input": [1, 64, 64], "layers": [
  {"type": "conv", "name": "conv1", "out": 32, "kernel": 7}, {"type": "relu"},
  {"type": "average_pool", "kernel": 2},
  {"type": "conv", "name": "conv2", "out": 64, "kernel": 6}, {"type": "relu"},
  {"type": "average_pool", "kernel": 3},
  {"type": "conv", "name": "conv3", "out": 128, "kernel": 5}, {"type": "relu"},
  {"type": "average_pool", "kernel": 4},
  {"type": "l2_normalize"}]})";

// Also reports the multiply-adds a second.
void CountWork(benchmark::State& state, double multiply_adds) {
  state.counters["GMAC/s"] = benchmark::Counter(
      multiply_adds * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void DetectorLevel(benchmark::State& state) {
  SetNumThreads(1);
  const InferenceNetwork network(RandomModel(kDetector, 1));
  const int width = static_cast<int>(state.range(0));
  const int height = static_cast<int>(state.range(1));
  const auto plane = RandomValues(width * height, 2);
  int out_width = 0;
  int out_height = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        network.RunDense(plane.data(), width, height, &out_width, &out_height));
  }
  CountWork(state, 25.0 * 25 * 16 * out_width * out_height);
}

void Batch(benchmark::State& state, const char* json) {
  const InferenceNetwork network(RandomModel(json, 1));
  const NetworkSpec& spec = network.model().spec;
  const auto input =
      RandomValues(InferenceNetwork::kBatch * spec.input.Size(), 2);
  std::vector<float> output(InferenceNetwork::kBatch *
                            OutputShape(spec).Size());
  for (auto _ : state) {
    network.Run(input.data(), InferenceNetwork::kBatch, output.data());
    benchmark::ClobberMemory();
  }
  CountWork(state, InferenceNetwork::kBatch * MultiplyAdds(spec));
}

// Patches cut from the photograph and described: what a keypoint costs.
void DescribeKeypoints(benchmark::State& state) {
  SetNumThreads(1);
  Model model = RandomModel(kDescriptor, 1);
  model.per_patch = true;
  const NetworkDescriptor descriptor(model);
  GrayImage image(640, 480);
  image.pixels = RandomValues(640 * 480, 3);
  const ImagePyramid pyramid(image);
  std::vector<Keypoint> keypoints;
  for (int i = 0; i < 256; ++i) {
    keypoints.push_back({.x = 2.3f * i, .y = 1.7f * i, .scale = 2.0f});
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(descriptor.Describe(pyramid, keypoints));
  }
}

BENCHMARK(DetectorLevel)
    ->Args({640, 480})
    ->Args({1600, 1200})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Batch, orientation, kOrientation)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Batch, descriptor, kDescriptor)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(DescribeKeypoints)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tiepoint
