// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "tiepoint/base/error.h"
#include "tiepoint/network/random_model.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class PixelNormalisationTest : public ::testing::Test {
 protected:
  PixelNormalisationTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_model_" + std::to_string(getpid()) + ".safetensors")) {
    model_ = RandomModel(
        R"({"architecture": "a", "input": [1, 2, 3],
            "layers": [{"type": "linear", "name": "p", "out": 2}]})",
        1);
    model_.pixel_mean = {1, 2, 3, 4, 5, 6};
    model_.pixel_deviation = {1, 2, 4, 8, 16, 32};
  }
  ~PixelNormalisationTest() override { std::filesystem::remove(path_); }

  Model model_;
  std::string path_;
};

TEST_F(PixelNormalisationTest, IsAppliedPixelByPixel) {
  std::vector<float> patch = {3, 3, 3, 3, 3, 3};
  model_.per_patch = true;  // not looked at
  NormalizeInput(model_, patch.data(), 6);
  EXPECT_EQ(patch,
            (std::vector<float>{2, 0.5f, 0, -0.125f, -0.125f, -0.09375f}));
  EXPECT_THROW(NormalizeInput(model_, patch.data(), 5), InputError);
}

TEST_F(PixelNormalisationTest, ComesBackFromTheFile) {
  WriteModel(path_, model_);
  const Model back = ReadModel(path_);
  EXPECT_EQ(back.pixel_mean, model_.pixel_mean);
  EXPECT_EQ(back.pixel_deviation, model_.pixel_deviation);
  EXPECT_EQ(back.weights.size(), 2u);  // they are no weights of a layer
}

TEST_F(PixelNormalisationTest, OfAnotherSizeIsRefused) {
  const auto write = [&](const Tensor& mean, const Tensor& deviation) {
    Model plain = model_;
    plain.pixel_mean.clear();
    plain.pixel_deviation.clear();
    plain.weights["input.mean"] = mean;
    plain.weights["input.deviation"] = deviation;
    WriteModel(path_, plain);
  };
  const Tensor right{{1, 2, 3}, {1, 1, 1, 1, 1, 1}};
  write(right, {{1, 3, 2}, {1, 1, 1, 1, 1, 1}});
  EXPECT_THAT([&] { ReadModel(path_); },
              ThrowsMessage<InputError>(HasSubstr("input.deviation")));
  write(right, {{1, 2, 3}, {1, 1, 0, 1, 1, 1}});
  EXPECT_THAT([&] { ReadModel(path_); },
              ThrowsMessage<InputError>(HasSubstr("positive")));
  write(right, right);
  EXPECT_NO_THROW(ReadModel(path_));
}

}  // namespace
}  // namespace tiepoint
