// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ParsePresetTest, EveryNameParses) {
  for (const std::string& name : PresetNames()) {
    const Preset preset = ParsePreset(name);
    EXPECT_EQ(preset.name, name);
    // Written out, it is the same choice.
    const Preset again = ParsePreset(
        preset.detector + "/" + preset.orientation + "/" + preset.descriptor);
    EXPECT_EQ(again.detector, preset.detector);
    EXPECT_EQ(again.orientation, preset.orientation);
    EXPECT_EQ(again.descriptor, preset.descriptor);
  }
  EXPECT_THAT(PresetNames(),
              ::testing::IsSupersetOf(
                  {"default", "lift", "sift", "rootsift", "orb", "akaze"}));
}

TEST(ParsePresetTest, StepsCanBeMixed) {
  const Preset preset = ParsePreset("sift/lift/deepdesc");
  EXPECT_EQ(preset.detector, "sift");
  EXPECT_EQ(preset.orientation, "lift");
  EXPECT_EQ(preset.descriptor, "deepdesc");
}

TEST(ParsePresetTest, RefusesWithTheChoices) {
  const auto refused = [](const std::string& text, const std::string& why) {
    EXPECT_THAT([&] { ParsePreset(text); },
                ThrowsMessage<InputError>(HasSubstr(why)))
        << text;
  };
  refused("surf", "rootsift");
  refused("", "default");
  refused("sift/none", "detector/orientation/descriptor");
  refused("sift/none/sift/x", "detector/orientation/descriptor");
  refused("surf/none/sift", "lift, sift, orb, akaze");
  refused("sift/up/sift", "lift, sift, none");
  refused("sift/none/brief", "deepdesc");
  // Binary descriptors read OpenCV's octave of their own keypoints.
  refused("sift/none/orb", "orb only");
  refused("lift/lift/akaze", "akaze only");
}

class ModelsTest : public ::testing::Test {
 protected:
  ModelsTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_models_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ModelsTest() override {
    unsetenv("TIEPOINT_MODELS");
    fs::remove_all(folder_);
  }
  ExtractorOptions Options() const {
    ExtractorOptions options;
    options.models = folder_;
    return options;
  }

  fs::path folder_;
};

TEST_F(ModelsTest, FoundInTheGivenFolderElseTheEnvironment) {
  WriteTinyModels(folder_);
  const std::string path = folder_ / "deepdesc.safetensors";
  EXPECT_EQ(FindModel(folder_, "deepdesc"), path);
  setenv("TIEPOINT_MODELS", folder_.c_str(), 1);
  EXPECT_EQ(FindModel("", "deepdesc"), path);
  EXPECT_THAT([&] { FindModel("/no/such/folder", "deepdesc"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("deepdesc.safetensors"),
                                              HasSubstr("/no/such"))));
}

TEST_F(ModelsTest, StepsAreThoseOfThePreset) {
  WriteTinyModels(folder_);
  const Steps steps = MakeSteps(ParsePreset("lift/lift/deepdesc"), Options());
  EXPECT_NE(steps.detector, nullptr);
  EXPECT_NE(steps.orientation, nullptr);
  EXPECT_NE(steps.descriptor, nullptr);
  EXPECT_EQ(MakeSteps(ParsePreset("sift"), {}).orientation, nullptr);
}

TEST_F(ModelsTest, WrongWeightsAreRefused) {
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

TEST_F(ModelsTest, OptionsOutOfRangeAreRefused) {
  ExtractorOptions options;
  options.lift.scales.first_scale = -1;
  EXPECT_THROW(MakeSteps(ParsePreset("sift"), options), InputError);
  options = {};
  options.max_keypoints = -1;
  EXPECT_THROW(MakeSteps(ParsePreset("sift"), options), InputError);
}

}  // namespace
}  // namespace tiepoint
