// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/network/random_model.h"
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

// "logpolar" is an orientation and a descriptor, with a file for each.
TEST(ParsePresetTest, StepsNameTheirWeights) {
  const auto names = [](const std::string& preset) {
    const WeightsNames n = NamesOfWeights(ParsePreset(preset));
    return std::vector{n.detector, n.orientation, n.descriptor};
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(names("default"),
              ElementsAre("jet_detector", "oriented", "oriented"));
  EXPECT_THAT(names("logpolar"),
              ElementsAre("lift_detector", "orientation_logpolar", "logpolar"));
  EXPECT_THAT(names("lift"),
              ElementsAre("lift_detector", "lift_orientation", "deepdesc"));
  EXPECT_THAT(names("tilde/none/sift"), ElementsAre("tilde", "", ""));
  EXPECT_THAT(names("tilde24/none/sift"), ElementsAre("tilde", "", ""));
  EXPECT_THAT(names("sift/logpolar/rootsift"),
              ElementsAre("", "orientation_logpolar", ""));
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
  refused("surf/none/sift",
          "lift, jet, tilde, tilde24, sift, orb, akaze, fast");
  refused("sift/up/sift", "lift, oriented, logpolar, sift, none");
  refused("sift/none/brief", "deepdesc");
  // Binary descriptors read OpenCV's octave of their own keypoints.
  refused("sift/none/orb", "orb only");
  refused("lift/lift/akaze", "akaze only");
}

// Paths hold slashes: the files that exist say where the text is to be cut.
class ImportedTest : public ::testing::Test {
 protected:
  ImportedTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_imported_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "none" / "sift");
    WriteTinyModels(folder_);
    // One filter of TILDE: the middle pixel's lightness.
    std::ofstream tilde(Path("tilde.txt"));
    tilde << "1\n1 6 3\n";
    for (int i = 0; i < 6 * 9; ++i) tilde << (i == 3 * 9 + 4) << " ";
    tilde << "\n0\n";
  }
  ~ImportedTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  std::string Imported(const std::string& name) const {
    return "imported:" + Path(name);
  }
  static void Refused(const std::string& text, const std::string& why) {
    EXPECT_THAT([&] { MakeSteps(ParsePreset(text), {}); },
                ThrowsMessage<InputError>(HasSubstr(why)))
        << text;
  }

  fs::path folder_;
};

TEST_F(ImportedTest, StandsForAnyStep) {
  const std::string detector = Imported("tilde.txt");
  const std::string orientation = Imported("lift_orientation.safetensors");
  const std::string descriptor = Imported("deepdesc.safetensors");
  const std::string text = detector + "/" + orientation + "/" + descriptor;
  const Preset preset = ParsePreset(text);
  EXPECT_EQ(preset.name, text);
  EXPECT_EQ(preset.detector, detector);
  EXPECT_EQ(preset.orientation, orientation);
  EXPECT_EQ(preset.descriptor, descriptor);
  const Steps steps = MakeSteps(preset, {});
  EXPECT_TRUE(steps.NeedsColour());
  EXPECT_NE(steps.orientation, nullptr);
  EXPECT_NE(steps.descriptor, nullptr);

  const Preset mixed = ParsePreset("sift/none/" + descriptor);
  EXPECT_EQ(mixed.orientation, "none");
  EXPECT_EQ(mixed.descriptor, descriptor);
  EXPECT_FALSE(MakeSteps(mixed, {}).NeedsColour());
}

// Both steps by one network; or one of them.
TEST_F(ImportedTest, OrientedFilesGiveAngleAndDescriptor) {
  const std::string file = Imported("oriented.safetensors");
  const Steps both = MakeSteps(ParsePreset("sift/" + file + "/" + file), {});
  EXPECT_NE(both.both, nullptr);
  EXPECT_EQ(both.orientation, nullptr);
  EXPECT_EQ(both.descriptor, nullptr);
  EXPECT_TRUE(both.Describe());
  EXPECT_NE(MakeSteps(ParsePreset(file), {}).both, nullptr);
  const Steps angle = MakeSteps(ParsePreset("sift/" + file + "/sift"), {});
  EXPECT_EQ(angle.both, nullptr);
  EXPECT_NE(angle.orientation, nullptr);
  const Steps descriptor = MakeSteps(ParsePreset("sift/none/" + file), {});
  EXPECT_EQ(descriptor.both, nullptr);
  EXPECT_NE(descriptor.descriptor, nullptr);
  Refused(file + "/none/sift", "oriented.safetensors");
}

// A file in folders that are called as steps are.
TEST_F(ImportedTest, NamesOfStepsInAPathDoNotConfuse) {
  fs::copy_file(Path("deepdesc.safetensors"), Path("none/sift/d.safetensors"));
  const std::string file = Imported("none/sift/d.safetensors");
  const Preset preset = ParsePreset("sift/none/" + file);
  EXPECT_EQ(preset.detector, "sift");
  EXPECT_EQ(preset.descriptor, file);
  const Preset middle =
      ParsePreset("sift/" + Imported("lift_orientation.safetensors") + "/none");
  EXPECT_EQ(middle.descriptor, "none");
}

TEST_F(ImportedTest, AloneItIsAPreset) {
  const std::string tilde = Imported("tilde.txt");
  EXPECT_EQ(ParsePreset(tilde).detector, tilde);
  EXPECT_EQ(ParsePreset(tilde).orientation, "sift");
  EXPECT_EQ(ParsePreset(tilde).descriptor, "rootsift");
  const std::string descriptor = Imported("deepdesc.safetensors");
  EXPECT_EQ(ParsePreset(descriptor).detector, "sift");
  EXPECT_EQ(ParsePreset(descriptor).orientation, "none");
  EXPECT_EQ(ParsePreset(descriptor).descriptor, descriptor);
  const std::string orientation = Imported("lift_orientation.safetensors");
  EXPECT_EQ(ParsePreset(orientation).orientation, orientation);
  EXPECT_EQ(ParsePreset(orientation).name, orientation);
}

TEST_F(ImportedTest, RefusesInOneLine) {
  Refused(Imported("missing.txt"), "missing.txt: no such file");
  Refused("sift/none/" + Imported("missing.h5"), "missing.h5: no such file");
  Refused("sift/up/" + Imported("tilde.txt"), "detector/orientation");
  Refused("imported:", "imported:FILE");
  Refused("sift/none/" + Imported("tilde.txt"), "not a descriptor");
  Refused(Imported("deepdesc.safetensors") + "/none/sift", "not a detector");
  Refused("sift/" + Imported("tilde.txt") + "/sift", "not an orientation");
}

TEST_F(ImportedTest, ChecksumsFollowTheContent) {
  ExtractorOptions options;
  options.models = folder_;
  EXPECT_TRUE(WeightsChecksums(ParsePreset("rootsift"), options).empty());
  const auto lift = WeightsChecksums(ParsePreset("lift"), options);
  EXPECT_EQ(lift.size(), 3u);
  EXPECT_EQ(lift.at("deepdesc.safetensors").size(), 16u);
  const Preset preset = ParsePreset(Imported("tilde.txt"));
  const auto before = WeightsChecksums(preset, options);
  ASSERT_EQ(before.size(), 1u);
  std::ofstream(Path("tilde.txt"), std::ios::app) << " ";
  const auto after = WeightsChecksums(preset, options);
  EXPECT_NE(before.at("tilde.txt"), after.at("tilde.txt"));
  // Two files of one name.
  fs::copy_file(Path("lift_orientation.safetensors"), Path("none/a"));
  fs::copy_file(Path("deepdesc.safetensors"), Path("none/sift/a"));
  const auto both = WeightsChecksums(
      ParsePreset("sift/" + Imported("none/a") + "/" + Imported("none/sift/a")),
      options);
  EXPECT_EQ(both.size(), 2u);
  EXPECT_EQ(both.count(Path("none/sift/a")), 1u);
}

TEST(MakeStepsTest, NoDescriptorIsNone) {
  const Steps steps = MakeSteps(ParsePreset("fast/none/none"), {});
  EXPECT_NE(steps.detector, nullptr);
  EXPECT_EQ(steps.orientation, nullptr);
  EXPECT_EQ(steps.descriptor, nullptr);
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
  EXPECT_EQ(FindModel("/no/such/folder:" + folder_.string(), "deepdesc"), path);
  EXPECT_EQ(FindModel(folder_.string() + ":/no/such/folder", "deepdesc"), path);
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

// From the weights of tilde, by a separation that gives the same every time.
TEST_F(ModelsTest, Tilde24IsMadeOfTilde) {
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
