// SPDX-License-Identifier: Apache-2.0
// Texts and archives of other programs, and those that are damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_text.h"
#include "tiepoint/io/lowe_text.h"
#include "tiepoint/io/npz.h"
#include "tiepoint/io/sift_bytes.h"
#include "tiepoint/io/vgg_text.h"

namespace tiepoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Every format; the parser may not be given more than `where` to complain of.
struct Format {
  const char* name;
  std::string (*write)(const FeatureSet&);
  FeatureSet (*parse)(const std::string&, const std::string&);
};
const Format kFormats[] = {
    {"colmap", ColmapFeatureText, ParseColmapFeatureText},
    {"lowe", [](const FeatureSet& f) { return LoweText(f); },
     [](const std::string& text, const std::string& where) {
       return ParseLoweText(text, where);
     }},
    {"vgg", VggText, ParseVggText},
    {"npz", NpzContent, ParseNpz}};

FeatureSet Some() {
  FeatureSet set{640, 480, {}, {3, 128, {}}};
  for (int i = 0; i < 3; ++i) {
    set.keypoints.push_back(
        {0.1f + 100 * i, 7.3f * i, 1.7f + i, 0.9f * i - 1, 0.5f - 0.1f * i});
  }
  for (int i = 0; i < 3 * 128; ++i) {
    set.descriptors.data.push_back(0.1f * static_cast<float>(i % 5));
  }
  return set;
}

TEST(FeatureFormatsTest, NothingIsAnAnswer) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const FeatureSet none{9, 9, {}, {0, 128, {}}};
    EXPECT_TRUE(format.parse(format.write(none), "x").keypoints.empty());
  }
}

TEST(FeatureFormatsTest, NumbersComeBackToTheLastBit) {
  const FeatureSet set = Some();
  const FeatureSet npz = ParseNpz(NpzContent(set), "x");
  EXPECT_EQ(npz.keypoints, set.keypoints);
  EXPECT_EQ(npz.descriptors.data, set.descriptors.data);
  EXPECT_EQ(npz.image_width, 640);
  EXPECT_EQ(NpzContent(npz), NpzContent(set));
  const FeatureSet lowe = ParseLoweText(LoweText(set), "x");
  const FeatureSet vgg = ParseVggText(VggText(set), "x");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(lowe.keypoints[i].x, set.keypoints[i].x);
    EXPECT_EQ(lowe.keypoints[i].y, set.keypoints[i].y);
    EXPECT_EQ(lowe.keypoints[i].scale, set.keypoints[i].scale);
    EXPECT_EQ(lowe.keypoints[i].angle, set.keypoints[i].angle);
    EXPECT_EQ(vgg.keypoints[i].x, set.keypoints[i].x);
    EXPECT_NEAR(vgg.keypoints[i].scale, set.keypoints[i].scale, 1e-6);
  }
  EXPECT_EQ(vgg.descriptors.data, set.descriptors.data);
}

// Cut anywhere, a file is refused; in one line that names it.
TEST(FeatureFormatsTest, TruncatedFilesAreRefused) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string whole = format.write(Some());
    // Not the last number: part of it may be a number, too.
    for (size_t size = 0; size + 12 < whole.size(); size += 37) {
      EXPECT_THAT([&] { format.parse(whole.substr(0, size), "file.x"); },
                  ThrowsMessage<InputError>(AllOf(
                      HasSubstr("file.x"), ::testing::Not(HasSubstr("\n")))))
          << size;
    }
    EXPECT_THROW(format.parse("", "file.x"), InputError);
    if (format.name != std::string("npz")) {
      EXPECT_THROW(format.parse(whole + " 1", "file.x"), InputError);
    }
  }
  // A byte of an archive that was changed.
  std::string npz = NpzContent(Some());
  npz[npz.find("descriptors.npy") + 700] ^= 1;
  EXPECT_THROW(ParseNpz(npz, "x"), InputError);
}

TEST(FeatureFormatsTest, WrongNumbersAreRefused) {
  const auto refuses = [](const Format& format, const std::string& text) {
    EXPECT_THROW(format.parse(text, "x"), InputError) << format.name << text;
  };
  for (const Format& format : {kFormats[0], kFormats[1]}) {
    refuses(format, "1 64\n1 2 3 0 1 2 3");
    refuses(format, "-1 128\n");
    refuses(format, "1e12 128\n");
    refuses(format, "1.5 128\n");
    std::string numbers = " 1";
    for (int i = 1; i < 128; ++i) numbers += " 7";
    EXPECT_EQ(format.parse("1 128\n1 2 3 0" + numbers, "x").keypoints.size(),
              1u);
    refuses(format, "1 128\nnan 2 3 0" + numbers);
    refuses(format, "1 128\n1 inf 3 0" + numbers);
    refuses(format, "1 128\n1 2 3 0 256" + numbers.substr(2));
    refuses(format, "1 128\n1 2 3 0 -1" + numbers.substr(2));
  }
  refuses(kFormats[2], "1.0\n1\n1 2 1 2 1\n");    // a hyperbola
  refuses(kFormats[2], "1.0\n1\n1 2 -1 0 -1\n");  // nothing
  FeatureSet set = Some();
  set.keypoints[1].x = std::numeric_limits<float>::infinity();
  EXPECT_THROW(ParseNpz(NpzContent(set), "x"), InputError);
  set = Some();
  set.keypoints[1].scale = 0;
  EXPECT_THROW(VggText(set), InputError);
}

// Regions that others wrote: the circle of the same area.
TEST(FeatureFormatsTest, EllipsesBecomeCircles) {
  // Half axes 2 along x and 8 along y.
  const FeatureSet set = ParseVggText("1.0\n1\n5 6 0.25 0 0.015625", "x");
  EXPECT_FLOAT_EQ(set.keypoints[0].scale, 4);
  EXPECT_EQ(set.descriptors.cols, 0);
}

TEST(FeatureFormatsTest, LoweWritesRowsFirstAndTurnsLeft) {
  FeatureSet set = Some();
  set.keypoints.resize(1);
  set.keypoints[0] = {10, 20, 3, 0.5f, 1};
  set.descriptors.rows = 1;
  set.descriptors.data.resize(128);
  EXPECT_THAT(LoweText(set), ::testing::StartsWith("1 128\n20 10 3 -0.5\n "));
  EXPECT_THAT(LoweText(set, LoweOrder::kColumnRow),
              ::testing::StartsWith("1 128\n10 20 3 -0.5\n "));
  EXPECT_THAT(ColmapFeatureText(set),
              ::testing::StartsWith("1 128\n10.5 20.5 3 0.5 "));
  set.descriptors = {1, 64, std::vector<float>(64, 1)};
  EXPECT_THROW(LoweText(set), InputError);
  EXPECT_THROW(ColmapFeatureText(set), InputError);
}

TEST(FeatureFormatsTest, BytesOfAnyLengthOfVector) {
  DescriptorMatrix d{2, 128, std::vector<float>(256, 0)};
  d.Row(0)[3] = 3;
  d.Row(0)[4] = 4;
  const std::vector<uint8_t> bytes = SiftBytes(d);
  EXPECT_EQ(bytes[3], 255);  // 307
  EXPECT_EQ(bytes[4], 255);
  EXPECT_EQ(bytes[128], 0);
  EXPECT_TRUE(FitSiftBytes(d));
  d.Row(1)[5] = -0.01f;
  EXPECT_FALSE(FitSiftBytes(d));
  d.Row(1)[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(FitSiftBytes(d));
}

}  // namespace
}  // namespace tiepoint
