// SPDX-License-Identifier: Apache-2.0
#include "training/torch_backend.h"

#include <gtest/gtest.h>

#include "tiepoint/base/error.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

constexpr char kPatches[] = R"({"architecture": "patches",
    "input": [1, 16, 16], "layers": [
    {"type": "conv", "name": "a", "out": 8, "kernel": 5, "stride": 2,
     "padding": 2, "circular_x": true}, {"type": "relu"},
    {"type": "linear", "name": "b", "out": 12}, {"type": "l2_normalize"}]})";
constexpr char kDetector[] = R"({"architecture": "detector",
    "input": [1, 25, 25], "layers": [
    {"type": "conv", "name": "bank", "out": 16, "kernel": 25},
    {"type": "ghh", "sums": 4, "maxes": 4}]})";

class TorchBackendTest : public testing::Test {
 protected:
  ~TorchBackendTest() override { SetNetworkBackend(nullptr); }
};

TEST_F(TorchBackendTest, GivesWhatOneDnnGives) {
  const Model model = RandomModel(kPatches, 1);
  const InferenceNetwork plain(model);
  SetNetworkBackend(TorchBackendFactory("torch"));
  const InferenceNetwork torch(model);
  SetNetworkBackend(nullptr);
  EXPECT_EQ(plain.Batch(), InferenceNetwork::kBatch);
  EXPECT_GT(torch.Batch(), plain.Batch());
  constexpr int kCount = 9;
  const auto input = RandomValues(kCount * 256, 2);
  std::vector<float> a(kCount * 12), b(kCount * 12);
  plain.Run(input.data(), kCount, a.data());
  torch.Run(input.data(), kCount, b.data());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);

  // Channels last: of a network whose input and output have several.
  Model second = RandomModel(R"({"architecture": "maps", "input": [3, 4, 5],
      "layers": [{"type": "conv", "name": "c", "out": 6, "kernel": 3,
      "padding": 1}, {"type": "relu"}]})",
                             3);
  const InferenceNetwork plain_maps(second);
  SetNetworkBackend(TorchBackendFactory("torch"));
  const InferenceNetwork torch_maps(second);
  const auto maps = RandomValues(2 * 60, 4);
  std::vector<float> c(2 * 120), d(2 * 120);
  plain_maps.RunChannelsLast(maps.data(), 2, c.data());
  torch_maps.RunChannelsLast(maps.data(), 2, d.data());
  for (size_t i = 0; i < c.size(); ++i) EXPECT_NEAR(c[i], d[i], 1e-5);
}

TEST_F(TorchBackendTest, RunsDetectorsOnWholePictures) {
  const Model model = RandomModel(kDetector, 5);
  const InferenceNetwork plain(model);
  SetNetworkBackend(TorchBackendFactory("torch"));
  const InferenceNetwork torch(model);
  const auto plane = RandomValues(70 * 50, 6);
  int width = 0, height = 0;
  const auto a = plain.RunDense(plane.data(), 70, 50, &width, &height);
  const auto b = torch.RunDense(plane.data(), 70, 50, &width, &height);
  EXPECT_EQ(width, 46);
  EXPECT_EQ(height, 26);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4);
}

TEST_F(TorchBackendTest, RefusesDevicesThatAreNotThere) {
  EXPECT_THROW(TorchBackendFactory("gpu"), InputError);
  EXPECT_THROW(TorchBackendFactory("cpu"), InputError);
  EXPECT_THROW(TorchBackendFactory("cuda:99"), InputError);
}

}  // namespace
}  // namespace tiepoint
