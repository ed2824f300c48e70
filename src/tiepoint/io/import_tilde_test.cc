// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_tilde.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "tiepoint/base/error.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/features/tilde_detector.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/export_tilde.h"
#include "tiepoint/io/published_weights.h"

namespace tiepoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ImportTildeTest : public ::testing::Test {
 protected:
  ImportTildeTest()
      : path_(std::filesystem::temp_directory_path() /
              ("tiepoint_tilde_" + std::to_string(getpid()) + ".txt")) {}
  ~ImportTildeTest() override { std::filesystem::remove(path_); }

  TildeFilters Read(const std::string& text) const {
    std::ofstream(path_) << text;
    return ReadTildeFilters(path_);
  }
  void Refuses(const std::string& text, const std::string& why) const {
    std::ofstream(path_) << text;
    EXPECT_THAT([&] { ReadTildeFilters(path_); },
                ThrowsMessage<InputError>(
                    testing::AllOf(HasSubstr(path_), HasSubstr(why))))
        << text;
  }

  std::string path_;
};

// Two groups of one filter of 3 x 3 on one channel; 9 = 3^2 is multiplied in.
TEST_F(ImportTildeTest, FullFiltersByGroups) {
  const TildeFilters t = Read(
      "1\n1 1 3 \n1 2 3 \n4 5 6 \n7 8 9 \n0.5\n"
      "1 1 3 \n0 0 0 \n0 1 0 \n0 0 0 \n-2e-3\n");
  EXPECT_EQ(t.sums, 2);
  EXPECT_EQ(t.maxes, 1);
  EXPECT_EQ(t.channels, 1);
  EXPECT_EQ(t.size, 3);
  EXPECT_THAT(t.bias, ElementsAre(0.5, -2e-3));
  EXPECT_THAT(t.filters, ElementsAre(9, 18, 27, 36, 45, 54, 63, 72, 81, 0, 0, 0,
                                     0, 9, 0, 0, 0, 0));
}

// One filter, two separable ones: 2 (1, 0, 1)' (1, 2, 3) - (0, 1, 0)' (1, 1,
// 1).
TEST_F(ImportTildeTest, SeparableFiltersAreSummed) {
  const TildeFilters t =
      Read("0.5\n1 1 2 1 3\n7\n2 -1\n1 0 1\n1 2 3\n0 1 0\n1 1 1\n");
  EXPECT_EQ(t.resize_ratio, 0.5);
  EXPECT_THAT(t.bias, ElementsAre(7));
  EXPECT_THAT(t.filters, ElementsAre(2, 4, 6, -1, -1, -1, 2, 4, 6));
}

// As it stands in the file, so that it can be computed line by line.
TEST_F(ImportTildeTest, SeparableFiltersStayProducts) {
  std::ofstream(path_)
      << "0.5\n1 1 2 1 3\n7\n2 -1\n1 0 1\n1 2 3\n0 1 0\n1 1 1\n";
  const auto either = ReadTilde(path_);
  const auto* t = std::get_if<SeparableTilde>(&either);
  ASSERT_NE(t, nullptr);
  EXPECT_EQ(t->resize_ratio, 0.5);
  EXPECT_EQ(t->rank, 2);
  EXPECT_THAT(t->bias, ElementsAre(7));
  EXPECT_THAT(t->coefficients, ElementsAre(2, -1));
  EXPECT_THAT(t->lines, ElementsAre(1, 0, 1, 1, 2, 3, 0, 1, 0, 1, 1, 1));
  std::ofstream(path_) << "1\n1 1 1\n2\n3\n";
  EXPECT_TRUE(std::holds_alternative<TildeFilters>(ReadTilde(path_)));
}

// What export_tilde.h writes comes back.
TEST_F(ImportTildeTest, WrittenFiltersComeBack) {
  SeparableTilde separable{1, 2, 2, 6, 5, 3, {}, {}, {1, -2, 3, 0.5}};
  for (int i = 0; i < 6 * 3 * 2 * 5; ++i) {
    separable.lines.push_back(std::sin(i * 0.7));
  }
  for (int i = 0; i < 4 * 6 * 3; ++i) {
    separable.coefficients.push_back(std::cos(i * 0.3));
  }
  const TildeFilters dense = DenseTilde(separable);
  WriteTildeFilters(path_, separable);
  const TildeFilters from_separable = ReadTildeFilters(path_);
  WriteTildeFilters(path_, dense);
  for (const TildeFilters& t : {from_separable, ReadTildeFilters(path_)}) {
    EXPECT_EQ(t.sums, 2);
    EXPECT_EQ(t.maxes, 2);
    EXPECT_EQ(t.size, 5);
    EXPECT_THAT(t.bias, ElementsAre(1, -2, 3, 0.5));
    EXPECT_LT(RelativeDifference(dense, t), 1e-9);
  }
  EXPECT_THROW(WriteTildeFilters("/no/such/folder/x.txt", dense), InputError);
}

TEST_F(ImportTildeTest, RefusesInOneLine) {
  EXPECT_THROW(ReadTildeFilters("/no/such/file.txt"), InputError);
  EXPECT_THROW(ReadTildeFilters("/tmp"), InputError);
  Refuses("", "too early");
  Refuses("1\n", "too early");
  Refuses("hello\n", "damaged");
  Refuses("1\n4 6\n", "3 or 5 sizes");
  Refuses("1\n1 1 3\n1 2 3 4 5 6 7 8 9\n", "too early");
  Refuses("1\n1 1 3\n1 2 x 4 5 6 7 8 9\n0\n", "damaged");
  Refuses("1\n1 1 3\n1 2 3 4 5 6 7 8 9\n0\n2 1 3\n", "differ");
  Refuses("1\n1 1 3\n1 2 3 4 5 6 7 8 9\n0\nend\n", "something else");
  Refuses("1\n1 1 -3\n", "out of range");
  Refuses("1\n1 1 4000\n", "out of range");
  Refuses("1\n1 3 3\n" + std::string(200, '0'), "");
  Refuses("1\n1 1 1 1 3\n0\n1\n1 1 1\n1 1 1\nmore\n", "after its end");
  Refuses("0\n1 1 1 1 3\n0\n1\n1 1 1\n1 1 1\n", "ratio");
}

// ---- What the authors' program finds with the released filters ----

struct Top {
  float x, y;
  double score;
};

struct Golden {
  const char* file;
  std::vector<Top> strongest;
  size_t maxima;
};

class PublishedTildeTest : public testing::TestWithParam<Golden> {
 protected:
  void SetUp() override {
    if (PublishedWeights().empty()) {
      GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
    }
  }
  static ImagePyramid TestImage() {
    const Image image = ReadImage(PublishedWeights() + "/tilde/testImage.png",
                                  {.keep_colour = true});
    return ImagePyramid(image.gray, image.bgr);
  }
  static void Check(const TildeDetector& detector) {
    const Golden& golden = GetParam();
    const auto keypoints = detector.Detect(TestImage(), 0);
    // A maximum that exceeds its neighbours by 1e-8 of the highest score, of
    // which Chamonix has two, is one or not as numbers round.
    EXPECT_NEAR(static_cast<double>(keypoints.size()),
                static_cast<double>(golden.maxima), 1);
    ASSERT_GE(keypoints.size(), 3u);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(keypoints[i].x, golden.strongest[i].x) << i;
      EXPECT_EQ(keypoints[i].y, golden.strongest[i].y) << i;
      EXPECT_NEAR(keypoints[i].score / golden.strongest[i].score, 1, 1e-4) << i;
    }
  }
};

TEST_P(PublishedTildeTest, FindsTheSameKeypoints) {
  const Golden& golden = GetParam();
  const auto tilde = ReadTilde(PublishedWeights() + "/tilde/" + golden.file);
  if (const auto* separable = std::get_if<SeparableTilde>(&tilde)) {
    Check(TildeDetector(*separable));
    Check(TildeDetector(DenseTilde(*separable)));
  } else {
    Check(TildeDetector(std::get<TildeFilters>(tilde)));
  }
}

INSTANTIATE_TEST_SUITE_P(Scenes, PublishedTildeTest,
                         testing::Values(Golden{"Mexico.txt",
                                                {{475, 241, 4.29166e-9},
                                                 {310, 300, 4.08121e-9},
                                                 {309, 315, 4.07206e-9}},
                                                680},
                                         Golden{"Mexico24.txt",
                                                {{475, 241, 5.13741e-9},
                                                 {310, 300, 5.04260e-9},
                                                 {310, 314, 5.01445e-9}},
                                                909},
                                         Golden{"Chamonix.txt",
                                                {{50, 298, 8.09586e-10},
                                                 {444, 246, 5.63393e-10},
                                                 {78, 176, 5.54918e-10}},
                                                991},
                                         Golden{"Chamonix24.txt",
                                                {{50, 297, 7.09519e-10},
                                                 {23, 239, 6.51925e-10},
                                                 {41, 183, 5.58549e-10}},
                                                820}));

TEST(PublishedTilde, ChannelsAreTheirs) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  const Image image = ReadImage(PublishedWeights() + "/tilde/testImage.png",
                                {.keep_colour = true});
  std::vector<GrayImage> planes(3,
                                GrayImage(image.gray.width, image.gray.height));
  for (size_t i = 0; i < image.bgr.size(); ++i) {
    planes[i % 3].pixels[i / 3] = image.bgr[i];
  }
  const auto channels = GradLuv(planes);
  const double means[] = {127.9946, 128.0154, 12.3154,
                          195.1822, 96.3565,  141.1055};
  const double at_100[] = {127.7246, 127.8214, 0.65655,
                           217.1416, 93.4128,  132.7065};
  for (int c = 0; c < kGradLuvChannels; ++c) {
    double sum = 0;
    for (const float v : channels[c].pixels) sum += v;
    EXPECT_NEAR(sum / static_cast<double>(channels[c].pixels.size()), means[c],
                1e-4)
        << c;
    EXPECT_NEAR(channels[c].At(100, 100), at_100[c], 1e-4) << c;
  }
}

TEST(PublishedTilde, TheGrayFiltersRun) {
  if (PublishedWeights().empty()) {
    GTEST_SKIP() << "TIEPOINT_PUBLISHED_WEIGHTS is not set";
  }
  const TildeDetector detector(
      ReadTildeFilters(PublishedWeights() + "/tilde/NewMexico8_1c.txt"));
  EXPECT_FALSE(detector.NeedsColour());
  const Image image = ReadImage(PublishedWeights() + "/tilde/testImage.png");
  EXPECT_GT(detector.Detect(ImagePyramid(image.gray), 0).size(), 100u);
}

}  // namespace
}  // namespace tiepoint
