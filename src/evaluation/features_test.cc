// SPDX-License-Identifier: Apache-2.0
#include "evaluation/features.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "evaluation/cache_key.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/io/feature_file.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class FeaturesTest : public ::testing::Test {
 protected:
  FeaturesTest() {
    folder_ = fs::temp_directory_path() /
              ("tiepoint_features_test_" + std::to_string(getpid()));
    fs::create_directories(folder_ / "scene");
    photograph_ = (folder_ / "scene" / "a.png").string();
    WritePhotograph(1);
    options_.cache = (folder_ / "cache").string();
    options_.extractor.max_keypoints = 200;
  }
  ~FeaturesTest() override { fs::remove_all(folder_); }

  // Blurred noise, 300 x 200.
  void WritePhotograph(uint64_t seed) const {
    Random random(seed);
    cv::Mat picture(200, 300, CV_32F);
    for (float& v : cv::Mat_<float>(picture)) {
      v = static_cast<float>(128 + 400 * random.Normal());
    }
    cv::GaussianBlur(picture, picture, {}, 2);
    cv::imwrite(photograph_, picture);
  }

  std::vector<fs::path> CacheFiles() const {
    std::vector<fs::path> files;
    if (!fs::exists(options_.cache)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(options_.cache)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }

  fs::path folder_;
  std::string photograph_;
  FeatureSourceOptions options_;
};

void ExpectEqual(const Features& a, const Features& b) {
  EXPECT_EQ(a.set.keypoints, b.set.keypoints);
  EXPECT_EQ(a.set.descriptors.cols, b.set.descriptors.cols);
  EXPECT_EQ(a.set.descriptors.data, b.set.descriptors.data);
  EXPECT_EQ(a.set.image_width, b.set.image_width);
  EXPECT_EQ(a.set.image_height, b.set.image_height);
  EXPECT_EQ(a.scale_x, b.scale_x);
  EXPECT_EQ(a.scale_y, b.scale_y);
}

// What is asked for stands; else each preset has its own.
TEST_F(FeaturesTest, TheRatioIsThatOfThePreset) {
  const auto sift = MakeFeatureSource("sift", {});
  EXPECT_EQ(RatioFor(*sift, 0), 0.8);
  EXPECT_EQ(RatioFor(*UndoSiftShift(*sift), 0), 0.8);
  EXPECT_EQ(RatioFor(*sift, 0.95), 0.95);
  EXPECT_EQ(UsualRatio(ParsePreset("default")), 0.9);
  EXPECT_EQ(UsualRatio(ParsePreset("sift/none/rootsift")), 0.8);
}

TEST_F(FeaturesTest, ThePrecisionFollowsTheName) {
  const auto exact = MakeFeatureSource("sift@f32", options_);
  EXPECT_EQ(exact->Label(), "sift@f32");
  EXPECT_EQ(exact->GetSteps()->preset.name, "sift");
  EXPECT_EQ(exact->Settings().at("precision"), "f32");
  EXPECT_FALSE(
      MakeFeatureSource("sift", options_)->Settings().contains("precision"));
  EXPECT_THROW(MakeFeatureSource("sift@f16", options_), InputError);
}

// A point of the stored file and a camera go to the working image together.
TEST(Frames, CamerasAndHomographiesFollowThePixels) {
  Features first, second;
  first.scale_x = 2.5;
  first.scale_y = 2;
  second.scale_x = second.scale_y = 1.25;
  const PinholeCamera stored{700, 710, 320, 240};
  const double x = 0.3, y = -0.2;
  const double u = stored.fx * x + stored.cx, v = stored.fy * y + stored.cy;
  const PinholeCamera working = first.Working(stored);
  EXPECT_NEAR(working.fx * x + working.cx, (u + 0.5) / 2.5 - 0.5, 1e-12);
  EXPECT_NEAR(working.fy * y + working.cy, (v + 0.5) / 2 - 0.5, 1e-12);

  const Matrix3 h = {1.1, 0.02, 5, -0.03, 0.9, 7, 1e-4, -2e-4, 1};
  const double w = h[6] * u + h[7] * v + h[8];
  const double u2 = (h[0] * u + h[1] * v + h[2]) / w;
  const double v2 = (h[3] * u + h[4] * v + h[5]) / w;
  const PointPair pair{(u + 0.5) / 2.5 - 0.5, (v + 0.5) / 2 - 0.5,
                       (u2 + 0.5) / 1.25 - 0.5, (v2 + 0.5) / 1.25 - 0.5};
  EXPECT_NEAR(TransferError(WorkingHomography(h, first, second), pair), 0,
              1e-9);
}

TEST_F(FeaturesTest, CacheGivesWhatWasComputed) {
  const auto computed = MakeFeatureSource("sift", options_);
  const Features fresh = *computed->Of(photograph_, 150);
  EXPECT_EQ(fresh.set.image_width, 150);
  EXPECT_EQ(fresh.scale_x, 2);
  ASSERT_GT(fresh.set.keypoints.size(), 20u);
  ASSERT_EQ(CacheFiles().size(), 1u);

  const auto kept = MakeFeatureSource("sift", options_);
  ExpectEqual(*kept->Of(photograph_, 150), fresh);

  // Another size and other settings have files of their own.
  kept->Of(photograph_, 0);
  options_.extractor.max_keypoints = 10;
  const auto few = MakeFeatureSource("sift", options_);
  EXPECT_EQ(few->Of(photograph_, 150)->set.keypoints.size(), 10u);
  EXPECT_EQ(CacheFiles().size(), 3u);
}

TEST_F(FeaturesTest, CacheIsReadNotComputed) {
  const Features fresh =
      *MakeFeatureSource("sift", options_)->Of(photograph_, 0);
  // The photograph can no longer be read, but has its old size and time.
  const auto size = fs::file_size(photograph_);
  const auto time = fs::last_write_time(photograph_);
  std::ofstream(photograph_) << std::string(size, 'x');
  fs::last_write_time(photograph_, time);
  ExpectEqual(*MakeFeatureSource("sift", options_)->Of(photograph_, 0), fresh);
}

TEST_F(FeaturesTest, ChangedPhotographIsReadAnew) {
  const Features old = *MakeFeatureSource("sift", options_)->Of(photograph_, 0);
  WritePhotograph(2);
  fs::last_write_time(
      photograph_, fs::last_write_time(photograph_) + std::chrono::seconds(5));
  const Features changed =
      *MakeFeatureSource("sift", options_)->Of(photograph_, 0);
  EXPECT_NE(changed.set.keypoints, old.set.keypoints);
}

TEST_F(FeaturesTest, DamagedCacheIsMadeAgain) {
  const Features fresh =
      *MakeFeatureSource("sift", options_)->Of(photograph_, 0);
  for (const fs::path& file : CacheFiles()) {
    fs::resize_file(file, fs::file_size(file) / 2);
  }
  ExpectEqual(*MakeFeatureSource("sift", options_)->Of(photograph_, 0), fresh);
}

TEST_F(FeaturesTest, NoKeypointsAreKeptToo) {
  cv::imwrite(photograph_, cv::Mat(64, 64, CV_8U, cv::Scalar(90)));
  for (int pass = 0; pass < 2; ++pass) {
    const Features none =
        *MakeFeatureSource("sift", options_)->Of(photograph_, 0);
    EXPECT_TRUE(none.set.keypoints.empty());
    EXPECT_EQ(none.set.descriptors.cols, 128);
    EXPECT_EQ(CacheFiles().size(), 1u);
  }
}

TEST_F(FeaturesTest, SiftShiftIsUndoneAQuarterPixel) {
  const auto source = MakeFeatureSource("rootsift", options_);
  ASSERT_TRUE(HasSiftShift(*source));
  const auto undone = UndoSiftShift(*source);
  EXPECT_EQ(undone->Label(), "rootsift -0.25");
  EXPECT_NE(undone->Settings(), source->Settings());
  const auto before = source->Of(photograph_, 150);
  const auto after = undone->Of(photograph_, 150);
  ASSERT_EQ(before->set.keypoints.size(), after->set.keypoints.size());
  for (size_t i = 0; i < before->set.keypoints.size(); ++i) {
    EXPECT_EQ(after->set.keypoints[i].x, before->set.keypoints[i].x - 0.25f);
    EXPECT_EQ(after->set.keypoints[i].y, before->set.keypoints[i].y - 0.25f);
  }
  EXPECT_FALSE(HasSiftShift(*MakeFeatureSource("orb", options_)));
}

TEST_F(FeaturesTest, ExternalFeaturesComeStrongestFirstInWorkingPixels) {
  const std::string file = (folder_ / "super.h5").string();
  FeatureSet set;
  set.image_width = 300;
  set.image_height = 200;
  set.keypoints = {{10.5f, 20.5f, 2, 0, 0.1f}, {100.5f, 50.5f, 4, 1, 0.9f}};
  set.descriptors = {2, 3, {1, 2, 3, 4, 5, 6}};
  FeatureFileWriter(file, {{"preset", "other"}}).Add("scene/a.png", set);

  options_.extractor.max_keypoints = 1;
  const auto source = MakeFeatureSource("external:" + file, options_);
  EXPECT_EQ(source->Label(), "super");
  EXPECT_EQ(source->Settings()["attributes"]["preset"], "other");
  const auto features = source->Of(photograph_, 150);
  ASSERT_EQ(features->set.keypoints.size(), 1u);
  EXPECT_EQ(features->set.keypoints[0], (Keypoint{50, 25, 2, 1, 0.9f}));
  EXPECT_EQ(features->set.descriptors.data, (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(features->set.image_width, 150);

  EXPECT_EQ(MakeFeatureSource("mine=external:" + file, options_)->Label(),
            "mine");
  EXPECT_THROW(source->Of((folder_ / "b.png").string(), 0), InputError);
  EXPECT_THROW(source->Of(Image{}), InputError);
}

TEST(CacheKey, KnownChecksums) {
  // The published values of FNV-1a.
  EXPECT_EQ(HexChecksum(""), "cbf29ce484222325");
  EXPECT_EQ(HexChecksum("foobar"), "85944171f73967e8");
  EXPECT_EQ(FileChecksum("/dev/null"), HexChecksum(""));
  EXPECT_THROW(FileChecksum("/no/such/file"), InputError);
}

}  // namespace
}  // namespace tiepoint
