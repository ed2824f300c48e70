// SPDX-License-Identifier: Apache-2.0
#include "evaluation/patches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <set>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/features/opencv_features.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// The intensity in the middle of the patch, times `factor`.
class MiddleDescriptor : public Descriptor {
 public:
  explicit MiddleDescriptor(float factor) : factor_(factor) {}
  DescriptorMatrix Describe(
      const ImagePyramid& pyramid,
      std::span<const Keypoint> keypoints) const override {
    EXPECT_EQ(pyramid.width(), 64);
    EXPECT_EQ(pyramid.height(), 64);
    EXPECT_EQ(keypoints.size(), 1u);
    EXPECT_EQ(keypoints[0].x, 31.5f);
    EXPECT_EQ(keypoints[0].y, 31.5f);
    EXPECT_EQ(keypoints[0].angle, 0);
    EXPECT_FLOAT_EQ(keypoints[0].scale, 64.0f / 12);
    return {1, 1, {factor_ * pyramid.Octave(0).At(31, 31)}};
  }

 private:
  float factor_;
};

class FakeSource : public FeatureSource {
 public:
  explicit FakeSource(std::unique_ptr<Descriptor> descriptor) {
    if (descriptor != nullptr) {
      steps_.emplace();
      steps_->descriptor = std::move(descriptor);
    }
  }
  std::string Label() const override { return "fake"; }
  nlohmann::ordered_json Settings() const override { return {{"fake", 1}}; }
  std::shared_ptr<const Features> Of(const std::string&, int) const override {
    return nullptr;
  }
  Features Of(const Image&) const override { return {}; }
  const Steps* GetSteps() const override { return steps_ ? &*steps_ : nullptr; }

 private:
  std::optional<Steps> steps_;
};

FakeSource Middle(float factor = 1) {
  return FakeSource(std::make_unique<MiddleDescriptor>(factor));
}

class PatchesTest : public testing::Test {
 protected:
  PatchesTest() { fs::remove_all(folder_); }
  ~PatchesTest() override { fs::remove_all(folder_); }

  // Patches of one intensity each.
  std::string WriteFlat(const std::vector<int>& intensities,
                        const std::vector<int>& points,
                        const std::vector<PatchPair>& pairs) {
    std::vector<uint8_t> pixels;
    for (const int value : intensities) {
      pixels.insert(pixels.end(), kPatchPixels, static_cast<uint8_t>(value));
    }
    WritePatchSet(folder_.string(), pixels, points, pairs);
    return folder_.string();
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("patches_") +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(PatchesTest, WorkedByHand) {
  // Right pairs: distances 2 and 40; wrong ones: 38 and 110.
  const std::string folder =
      WriteFlat({10, 12, 50, 90, 200, 201}, {0, 0, 1, 1, 2, 2},
                {{0, 1, true}, {1, 2, false}, {2, 3, true}, {3, 4, false}});
  const auto protocol = MakePatchesProtocol({folder}, {});
  ASSERT_EQ(protocol->Items().size(), 1u);
  const Item& item = protocol->Items()[0];
  EXPECT_EQ(item.name, "m50_4_4_0");
  EXPECT_EQ(item.set, folder_.filename().string());
  const Measurement numbers = protocol->Measure(Middle(), item);
  // Distance 40 accepts both right pairs and one wrong.
  EXPECT_EQ(numbers.at("fpr95"), std::vector<double>{0.5});
  EXPECT_EQ(numbers.at("roc_auc"), std::vector<double>{0.75});
  // The series are those that the columns sum up.
  for (const Column& column : protocol->Columns()) {
    EXPECT_EQ(numbers.count(column.series), 1u) << column.key;
    EXPECT_EQ(column.summarize(std::vector<double>{1, 2}), 1.5);
  }
}

TEST_F(PatchesTest, PrecisionRecallOfKnownDescriptors) {
  std::vector<int> intensities, points;
  for (int i = 0; i < 40; ++i) {
    intensities.push_back(10 + 5 * (i / 2));
    points.push_back(i / 2);
  }
  const std::string folder = WriteFlat(intensities, points, {});
  PatchesOptions options;
  options.negatives = 9;
  const auto protocol = MakePatchesProtocol({folder}, options);
  ASSERT_EQ(protocol->Items().size(), 1u);
  const Item& item = protocol->Items()[0];
  EXPECT_EQ(item.name, "queries");
  const Measurement knows = protocol->Measure(Middle(), item);
  EXPECT_EQ(knows.at("pr_auc"), std::vector<double>{1});
  EXPECT_TRUE(std::isnan(knows.at("fpr95")[0]));
  EXPECT_TRUE(std::isnan(knows.at("roc_auc")[0]));
  // All distances 0: one point of the curve, precision 1 in 10.
  const auto again = MakePatchesProtocol({folder}, options);
  EXPECT_NEAR(again->Measure(Middle(0), item).at("pr_auc")[0], 0.1, 1e-12);
}

TEST_F(PatchesTest, SettingsSayHowManyWereAsked) {
  const std::string folder =
      WriteFlat({1, 2, 3, 4, 5}, {0, 0, 1, 1, 2}, {{0, 1, true}});
  const Json settings = MakePatchesProtocol({folder}, {})->Settings();
  EXPECT_EQ(settings["sets"][0]["pr_points"], 2);
  EXPECT_EQ(settings["sets"][0]["pr_negatives_each"], 3);
  EXPECT_EQ(settings["sets"][0]["patches"], 5);
  EXPECT_EQ(settings["seed"], 0);
}

TEST_F(PatchesTest, TheUsualMatchFileIsPreferred) {
  const std::string folder =
      WriteFlat({1, 2, 3}, {0, 0, 1}, {{0, 1, true}, {0, 2, false}});
  std::ofstream(folder_ / "m50_1_1_0.txt") << "0 0 0 1 0 0\n";
  const auto names = [&](const PatchesOptions& options) {
    std::vector<std::string> result;
    const auto protocol = MakePatchesProtocol({folder}, options);
    for (const Item& item : protocol->Items()) {
      result.push_back(item.name);
    }
    return result;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{"m50_1_1_0", "m50_2_2_0"}));
  std::ofstream(folder_ / "m50_100000_100000_0.txt") << "0 0 0 1 0 0\n";
  EXPECT_EQ(names({}), Names{"m50_100000_100000_0"});
  EXPECT_EQ(names({.match_file = "m50_2_2_0.txt"}), Names{"m50_2_2_0"});
}

TEST_F(PatchesTest, WhatCannotBeUsedIsOneLine) {
  const auto message = [](const auto& action) -> std::string {
    try {
      action();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string folder =
      WriteFlat({1, 2, 3}, {0, 0, 1}, {{0, 1, true}, {0, 2, false}});
  const auto protocol = MakePatchesProtocol({folder}, {});
  EXPECT_THAT(message([&] {
                protocol->Measure(FakeSource(nullptr), protocol->Items()[0]);
              }),
              HasSubstr("fake: patches need a descriptor that can be run"));
  EXPECT_THAT(message([&] {
                protocol->Measure(FakeSource(MakeOpenCvDescriptor("orb")),
                                  protocol->Items()[0]);
              }),
              HasSubstr("orb"));
  EXPECT_THAT(
      message([&] { MakePatchesProtocol({folder}, {.match_file = "x.txt"}); }),
      HasSubstr("x.txt: no such file"));
  PatchesOptions no_scale;
  no_scale.scale = 0;
  EXPECT_THAT(message([&] { MakePatchesProtocol({folder}, no_scale); }),
              HasSubstr("scale"));
  EXPECT_THAT(message([&] { MakePatchesProtocol({}, {}); }),
              HasSubstr("no patch set"));
}

TEST(PatchQueriesTest, AskWhatTheyShould) {
  std::vector<int> points(1000);
  for (int i = 0; i < 1000; ++i) points[i] = i * 7 % 300;
  PatchesOptions options;
  options.max_points = 100;
  options.negatives = 50;
  const PatchQueries queries = DrawQueries(points, options);
  ASSERT_EQ(queries.queries.size(), 100u);
  EXPECT_EQ(queries.NegativesEach(), 50);
  std::set<int> asked;
  for (int i = 0; i < 100; ++i) {
    const int point = points[queries.queries[i]];
    EXPECT_TRUE(asked.insert(point).second) << "point " << point << " twice";
    EXPECT_NE(queries.positives[i], queries.queries[i]);
    EXPECT_EQ(points[queries.positives[i]], point);
    std::set<int> distinct;
    for (const int other : queries.negatives[i]) {
      EXPECT_NE(points[other], point);
      distinct.insert(other);
    }
    EXPECT_EQ(distinct.size(), 50u);
  }
}

TEST(PatchQueriesTest, SmallSetsAskAgainstEverything) {
  // Point 2 has one patch and is asked for by none.
  const PatchQueries queries = DrawQueries(std::vector<int>{0, 0, 1, 1, 2}, {});
  ASSERT_EQ(queries.queries.size(), 2u);
  EXPECT_EQ(queries.NegativesEach(), 3);
  EXPECT_TRUE(DrawQueries(std::vector<int>{0, 1, 2}, {}).queries.empty());
}

TEST(PatchQueriesTest, DependOnTheSeedAlone) {
  std::vector<int> points(200);
  for (int i = 0; i < 200; ++i) points[i] = i / 2;
  const auto draw = [&](uint64_t seed, int threads) {
    SetNumThreads(threads);
    PatchesOptions options;
    options.negatives = 20;
    options.seed = seed;
    const PatchQueries queries = DrawQueries(points, options);
    SetNumThreads(0);
    return std::tuple(queries.queries, queries.positives, queries.negatives);
  };
  EXPECT_EQ(draw(1, 1), draw(1, 3));
  EXPECT_NE(draw(1, 1), draw(2, 1));
}

// Waves of random direction and length.
std::vector<float> Waves(Random& random) {
  std::vector<float> patch(kPatchPixels, 128);
  for (int wave = 0; wave < 6; ++wave) {
    const double angle = random.Uniform(0, 2 * std::numbers::pi);
    const double frequency = random.Uniform(0.1, 0.4);
    const double phase = random.Uniform(0, 6);
    for (int i = 0; i < kPatchPixels; ++i) {
      const int x = i % kPatchSide, y = i / kPatchSide;
      patch[i] += static_cast<float>(
          18 * std::sin(phase + frequency * (x * std::cos(angle) +
                                             y * std::sin(angle))));
    }
  }
  return patch;
}

TEST_F(PatchesTest, RootSiftKnowsPatchesUnderNoise) {
  Random random(3);
  std::vector<uint8_t> pixels;
  std::vector<int> points;
  for (int point = 0; point < 140; ++point) {  // two mosaics
    const std::vector<float> patch = Waves(random);
    for (int copy = 0; copy < 2; ++copy) {
      points.push_back(point);
      for (const float value : patch) {
        pixels.push_back(static_cast<uint8_t>(
            std::lround(std::clamp(value + 4 * random.Normal(), 0.0, 255.0))));
      }
    }
  }
  WritePatchSet(folder_.string(), pixels, points, DrawPairs(points, 200, 1));
  const auto protocol = MakePatchesProtocol({folder_.string()}, {});
  const auto numbers = [&](int threads) {
    SetNumThreads(threads);
    const Measurement result = protocol->Measure(
        FakeSource(MakeOpenCvDescriptor("rootsift")), protocol->Items()[0]);
    SetNumThreads(0);
    return result;
  };
  const Measurement measured = numbers(1);
  EXPECT_LT(measured.at("fpr95")[0], 0.01);
  EXPECT_GT(measured.at("roc_auc")[0], 0.99);
  EXPECT_GT(measured.at("pr_auc")[0], 0.95);
  EXPECT_EQ(measured, numbers(3));
}

}  // namespace
}  // namespace tiepoint
