// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/image/pyramid.h"
#include "tiepoint/network/random_model.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(MakeStepsTest, NoDescriptorIsNone) {
  const Steps steps = MakeSteps(ParsePreset("fast/none/none"), {});
  EXPECT_NE(steps.detector, nullptr);
  EXPECT_EQ(steps.orientation, nullptr);
  EXPECT_EQ(steps.descriptor, nullptr);
}

class MakeStepsFromModelsTest : public ::testing::Test {
 protected:
  MakeStepsFromModelsTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_make_steps_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~MakeStepsFromModelsTest() override { fs::remove_all(folder_); }
  ExtractorOptions Options() const {
    ExtractorOptions options;
    options.models = folder_;
    return options;
  }

  fs::path folder_;
};

TEST_F(MakeStepsFromModelsTest, StepsAreThoseOfThePreset) {
  WriteTinyModels(folder_);
  const Steps steps = MakeSteps(ParsePreset("lift/lift/deepdesc"), Options());
  EXPECT_NE(steps.detector, nullptr);
  EXPECT_NE(steps.orientation, nullptr);
  EXPECT_NE(steps.descriptor, nullptr);
  EXPECT_EQ(MakeSteps(ParsePreset("sift"), {}).orientation, nullptr);
}

// From the weights of tilde, by a separation that gives the same every time.
TEST_F(MakeStepsFromModelsTest, Tilde24IsMadeOfTilde) {
  WriteModel(folder_ / "tilde.safetensors",
             RandomModel(R"({"architecture": "tilde", "input": [6, 21, 21],
                             "layers": [{"type": "conv", "name": "conv",
                                         "out": 16, "kernel": 21},
                                        {"type": "ghh", "sums": 4,
                                         "maxes": 4}]})",
                         1));
  GrayImage noise(90, 70);
  noise.pixels = RandomValues(90 * 70, 3);
  for (float& v : noise.pixels) v = 128 + 60 * v;
  const ImagePyramid pyramid(noise);
  const auto keypoints = [&](const char* preset) {
    const Steps steps = MakeSteps(ParsePreset(preset), Options());
    EXPECT_TRUE(steps.NeedsColour());
    return steps.detector->Detect(pyramid, 0);
  };
  const auto found = keypoints("tilde24/none/none");
  EXPECT_GT(found.size(), 5u);
  EXPECT_EQ(found, keypoints("tilde24"));
  EXPECT_NE(found, keypoints("tilde"));
  EXPECT_EQ(WeightsChecksums(ParsePreset("tilde24"), Options()),
            WeightsChecksums(ParsePreset("tilde"), Options()));
}

TEST_F(MakeStepsFromModelsTest, WrongWeightsAreRefused) {
  WriteTinyModels(folder_);
  const fs::path orientation = folder_ / "lift_orientation.safetensors";
  fs::remove(orientation);
  fs::copy_file(folder_ / "deepdesc.safetensors", orientation);
  const Preset preset = ParsePreset("lift/lift/deepdesc");
  EXPECT_THROW(MakeSteps(preset, Options()), InputError);
  std::ofstream(orientation, std::ios::trunc) << "not weights";
  EXPECT_THAT([&] { MakeSteps(preset, Options()); },
              ThrowsMessage<InputError>(HasSubstr(orientation.string())));
}

TEST_F(MakeStepsFromModelsTest, OptionsOutOfRangeAreRefused) {
  ExtractorOptions options;
  options.lift.scales.first_scale = -1;
  EXPECT_THROW(MakeSteps(ParsePreset("sift"), options), InputError);
  options = {};
  options.max_keypoints = -1;
  EXPECT_THROW(MakeSteps(ParsePreset("sift"), options), InputError);
}

}  // namespace
}  // namespace tiepoint
