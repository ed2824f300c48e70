// SPDX-License-Identifier: Apache-2.0
// `tiepoint extract` on folders of small pictures, with the tiny networks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "progress_line.h"
#include "run_program.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ExtractTest : public ProgramTest {
 protected:
  ExtractTest() {
    fs::create_directories(Path("models"));
    WriteTinyModels(Path("models"));
  }

  // Blobs in places that `seed` decides.
  std::string Picture(const std::string& name, int seed, int width = 200,
                      int height = 150) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    cv::Mat pixels(height, width, CV_32FC1);
    cv::RNG random(seed);
    random.fill(pixels, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(pixels, pixels, {}, 3);
    pixels.convertTo(pixels, CV_8U, 250, 128);
    EXPECT_TRUE(cv::imwrite(Path(name), pixels));
    return Path(name);
  }
  ProgramResult Extract(std::vector<std::string> arguments,
                        const std::string& started = "") const {
    arguments.insert(arguments.begin(), "extract");
    arguments.insert(arguments.end(), {"-o", File(), "--models", Path("models"),
                                       "--preset", "lift/lift/deepdesc"});
    return Run(arguments, started);
  }
  std::string File() const { return Path("features.h5"); }
};

TEST_F(ExtractTest, FoldersAndFilesByName) {
  Picture("in/b.PNG", 1);
  Picture("in/deep/er/a photo.jpg", 2);
  Picture("in/c.tiff", 3);
  Write("in/notes.txt", "no photograph");
  const std::string alone = Picture("elsewhere/d.pgm", 4);
  const ProgramResult result = Extract(
      {Path("in"), alone, alone, "--max-keypoints", "50", "--threads", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("[1/4] b.PNG: "), HasSubstr("[4/4] d.pgm: "),
                    HasSubstr("4 photographs"), HasSubstr(File())));

  const FeatureFile file(File());
  EXPECT_THAT(file.Names(),
              ElementsAre("b.PNG", "c.tiff", "d.pgm", "deep/er/a photo.jpg"));
  const auto attributes = file.Attributes();
  EXPECT_EQ(attributes.at("preset"), "lift/lift/deepdesc");
  EXPECT_EQ(attributes.at("steps"), "lift/lift/deepdesc");
  EXPECT_THAT(attributes.at("tiepoint"), Not(""));
  const auto options = nlohmann::json::parse(attributes.at("options"));
  EXPECT_EQ(options["max_keypoints"], 50);
  EXPECT_EQ(options["max_image_size"], 0);
  EXPECT_EQ(
      options["weights"]["deepdesc.safetensors"].get<std::string>().size(),
      16u);
}

// The numbers are those of `tiepoint match`.
TEST_F(ExtractTest, TheFeaturesOfMatch) {
  const std::string path = Picture("a.png", 1);
  EXPECT_EQ(Extract({path, "--quiet"}).output, "");
  Run({"match", path, path, "--preset", "lift/lift/deepdesc", "--models",
       Path("models"), "--json", Path("m.json")});
  const auto rows = ReadJson(Path("m.json"))["keypoints1"];
  const FeatureSet features = FeatureFile(File()).Find(path).value();
  EXPECT_EQ(features.image_width, 200);
  EXPECT_EQ(features.image_height, 150);
  ASSERT_GT(rows.size(), 10u);
  ASSERT_EQ(features.keypoints.size(), rows.size());
  EXPECT_EQ(features.descriptors.rows, std::ssize(features.keypoints));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Keypoint& k = features.keypoints[i];
    EXPECT_THAT(rows[i].get<std::vector<float>>(),
                ElementsAre(k.x, k.y, k.scale, k.angle, k.score));
  }
}

TEST_F(ExtractTest, GoesOnWhereItWas) {
  Picture("in/a.png", 1);
  EXPECT_EQ(Extract({Path("in")}).exit_code, 0);
  const FeatureSet first = FeatureFile(File()).Find("a.png").value();
  Picture("in/b.png", 2);
  const ProgramResult second = Extract({Path("in")});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_THAT(second.output, AllOf(HasSubstr("1 of 2 photographs are in"),
                                   HasSubstr("[1/1] b.png")));
  {
    // A file that is being read is not written to.
    const FeatureFile file(File());
    EXPECT_THAT(file.Names(), ElementsAre("a.png", "b.png"));
    EXPECT_EQ(file.Find("a.png")->keypoints, first.keypoints);
    EXPECT_NE(file.Find("b.png")->keypoints, first.keypoints);
    ExpectRefused(Extract({Path("in")}), {File(), "another program"});
  }
  EXPECT_THAT(Extract({Path("in")}).output,
              HasSubstr("2 of 2 photographs are in"));
}

TEST_F(ExtractTest, CtrlCKeepsWhatIsDone) {
  // Some seconds of work: the signal comes in the middle of it.
  constexpr size_t kPictures = 40;
  for (int i = 0; i < static_cast<int>(kPictures); ++i) {
    Picture("in/" + std::to_string(i) + ".png", i, 500, 400);
  }
  const ProgramResult stopped = Extract({Path("in")}, File());
  EXPECT_EQ(stopped.exit_code, 130);
  EXPECT_EQ(stopped.errors, "tiepoint: interrupted\n");
  const size_t done = FeatureFile(File()).Names().size();
  EXPECT_LT(done, kPictures);
  const ProgramResult rest = Extract({Path("in"), "--quiet"});
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_EQ(FeatureFile(File()).Names().size(), kPictures);
}

TEST_F(ExtractTest, DamagedPhotographsAreSkipped) {
  Picture("in/a.png", 1);
  Picture("in/c.png", 2);
  const std::string whole = Content(Path("in/a.png"));
  Write("in/b.png", whole.substr(0, whole.size() / 2));
  Write("in/d.jpg", "");
  const ProgramResult result = Extract({Path("in")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 2);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("b.png: "), HasSubstr("truncated"),
                                   HasSubstr("d.jpg: "), HasSubstr("empty")));
  EXPECT_THAT(result.output, HasSubstr("2 could not be used"));
  EXPECT_THAT(FeatureFile(File()).Names(), ElementsAre("a.png", "c.png"));
  // Again: the good ones are there, the others still damaged.
  const ProgramResult again = Extract({Path("in"), "--quiet"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.output, "");
  EXPECT_EQ(again.errors, result.errors);
}

TEST_F(ExtractTest, APictureWithoutKeypointsIsAnAnswer) {
  EXPECT_TRUE(cv::imwrite(Path("blank.png"), cv::Mat(90, 120, CV_8UC1, {9})));
  EXPECT_EQ(Extract({Path("blank.png")}).exit_code, 0);
  EXPECT_TRUE(FeatureFile(File()).Find("blank.png")->keypoints.empty());
}

TEST_F(ExtractTest, OtherOptionsAreRefused) {
  const std::string path = Picture("a.png", 1);
  EXPECT_EQ(Extract({path}).exit_code, 0);
  const std::string before = Content(File());
  ExpectRefused(Extract({path, "--max-keypoints", "7"}),
                {File(), "max_keypoints 2048, not 7"});
  ExpectRefused(Run({"extract", path, "-o", File(), "--preset", "sift"}),
                {File(), "preset", "lift/lift/deepdesc, not sift"});
  // Other weights of the same name.
  fs::copy_file(Path("models/lift_detector.safetensors"), Path("kept"));
  std::string weights = Content(Path("models/lift_detector.safetensors"));
  weights.back() = static_cast<char>(weights.back() ^ 1);
  Write("models/lift_detector.safetensors", weights);
  ExpectRefused(Extract({path}), {File(), "weights/lift_detector"});
  EXPECT_EQ(Content(File()), before);
}

// Strips, one thread or several: nothing of it is seen in the file.
TEST_F(ExtractTest, MemoryAndThreadsDoNotChangeFeatures) {
  Picture("in/a.png", 1, 1100, 1500);
  Picture("in/b.jpg", 2, 1500, 1000);
  Picture("in/c.png", 3);
  EXPECT_EQ(Extract({Path("in"), "--threads", "1"}).exit_code, 0);
  std::vector<FeatureSet> expected;
  for (const char* name : {"a.png", "b.jpg", "c.png"}) {
    expected.push_back(FeatureFile(File()).Find(name).value());
  }
  fs::rename(File(), Path("all.h5"));
  const ProgramResult result =
      Extract({Path("in"), "--threads", "3", "--memory", "270M"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  {
    const FeatureFile file(File());
    for (const char* name : {"c.png", "b.jpg", "a.png"}) {
      const FeatureSet features = file.Find(name).value();
      EXPECT_EQ(features.keypoints, expected.back().keypoints);
      EXPECT_EQ(features.descriptors.data, expected.back().descriptors.data);
      expected.pop_back();
    }
  }
  // Others may be added with other memory.
  Picture("in/d.png", 4);
  EXPECT_EQ(Extract({Path("in"), "--memory", "1.5G"}).exit_code, 0);
  EXPECT_EQ(FeatureFile(File()).Names().size(), 4u);
}

TEST_F(ExtractTest, TooLittleMemoryIsOneLine) {
  const std::string large = Picture("in/a.jpg", 1, 3000, 2500);
  Picture("in/b.png", 2);
  const ProgramResult result = Extract({Path("in"), "--memory", "250M"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr(large), HasSubstr("--memory")));
  EXPECT_THAT(FeatureFile(File()).Names(), ElementsAre("b.png"));
  ExpectRefused(Run({"match", large, large, "--models", Path("models"),
                     "--memory", "250M"}),
                {large, "--memory"});
  for (const char* size : {"much", "5X", "-1G", ""}) {
    ExpectRefused(Extract({large, "--memory", size}), {"memory"});
  }
}

TEST_F(ExtractTest, BadInput) {
  const std::string path = Picture("x/a.png", 1);
  const std::string same_name = Picture("y/a.png", 2);
  fs::create_directories(Path("empty"));
  ExpectRefused(Extract({Path("missing")}), {Path("missing"), "no such"});
  ExpectRefused(Extract({Path("empty")}), {Path("empty"), "no photographs"});
  ExpectRefused(Extract({path, same_name}),
                {path, same_name, "the folder above"});
  EXPECT_FALSE(fs::exists(File()));
  ExpectRefused(Run({"extract", path}), {"--output"});
  ExpectRefused(Run({"extract", path, "-o", path + "/x.h5"}), {path});
  ExpectRefused(Run({"extract", path, "-o", Path("x")}), {Path("x")});
  ExpectRefused(Run({"extract", path, "-o", Write("text.h5", "text")}),
                {Path("text.h5"), "HDF5"});
  ExpectRefused(Run({"extract", path, "-o", File(), "--models", Path("empty")}),
                {"jet_detector"});
  EXPECT_THAT(Run({"extract", "--help"}).output, HasSubstr("--max-keypoints"));
}

TEST(ProgressLine, CountSaysHowLongItTakes) {
  EXPECT_EQ(CountText(0, 9, 0, 0), "[0/9] ");
  EXPECT_EQ(CountText(3, 9, 3, 6), "[3/9, 12 s left] ");
  // Only 2 of the 6 were done in this time.
  EXPECT_EQ(CountText(6, 9, 2, 200), "[6/9, 5 min left] ");
  EXPECT_EQ(CountText(1, 101, 1, 90), "[1/101, 2.5 h left] ");
  EXPECT_EQ(CountText(9, 9, 9, 6), "[9/9] ");
}

}  // namespace
}  // namespace tiepoint
