// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
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

}  // namespace
}  // namespace tiepoint
