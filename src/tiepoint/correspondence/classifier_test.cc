// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/classifier.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/correspondence/match_inputs.h"
#include "tiepoint/correspondence/random_matches.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

constexpr PinholeCamera kFirst{400, 420, 320, 240};
constexpr PinholeCamera kSecond{1000, 980, 500, 400};

// Weighs a match by 1 - 2 ratio: good ones get tanh(1), bad ones 0.
ConsensusModel ByRatio() {
  ConsensusModel model = RandomConsensusModel({9, 8, {1}, false}, 1);
  for (auto& [name, tensor] : model.weights) {
    tensor.data.assign(tensor.data.size(), 0);
  }
  model.weights["stage0.input.weight"].data[4] = -2;
  model.weights["stage0.output.weight"].data[0] = 1;
  model.weights["stage0.output.bias"].data[0] = 1;
  return model;
}

class CorrespondenceClassifierTest : public ::testing::Test {
 protected:
  CorrespondenceClassifierTest() {
    const auto inputs = RandomMatches(kCount, 4, 1);
    for (FeatureSet* const features : {&first_, &second_}) {
      features->image_width = 1000;
      features->image_height = 800;
    }
    for (int i = 0; i < kCount; ++i) {
      const float* const x = inputs.data() + i * 4;
      first_.keypoints.push_back(
          {.x = static_cast<float>(kFirst.fx * x[0] + kFirst.cx),
           .y = static_cast<float>(kFirst.fy * x[1] + kFirst.cy)});
      second_.keypoints.push_back(
          {.x = static_cast<float>(kSecond.fx * x[2] + kSecond.cx),
           .y = static_cast<float>(kSecond.fy * x[3] + kSecond.cy)});
      matches_.push_back({.i = i, .j = i, .ratio = i % 2 == 0 ? 0.0f : 1.0f});
    }
  }

  // Root mean square distance of the good matches to their lines, pixels.
  double Distance(const Matrix3& fundamental) const {
    double sum = 0;
    for (int i = 0; i < kCount; i += 2) {
      const Keypoint& a = first_.keypoints[i];
      const Keypoint& b = second_.keypoints[i];
      sum += SquaredEpipolarError(fundamental, {a.x, a.y, b.x, b.y});
    }
    return std::sqrt(sum / kGood);
  }

  static constexpr int kCount = 60;
  static constexpr int kGood = kCount / 2;
  FeatureSet first_, second_;
  std::vector<Match> matches_;
};

TEST_F(CorrespondenceClassifierTest, GoodMatchesGiveTheEpipolarGeometry) {
  const CorrespondenceClassifier classifier(ByRatio());
  const auto answer =
      classifier.Classify(first_, second_, matches_, kFirst, kSecond);
  ASSERT_EQ(answer.weights.size(), matches_.size());
  for (int i = 0; i < kCount; ++i) {
    EXPECT_NEAR(answer.weights[i], i % 2 == 0 ? std::tanh(1.0f) : 0, 1e-6);
  }
  ASSERT_TRUE(answer.essential && answer.fundamental);
  EXPECT_LT(Distance(*answer.fundamental), 0.01);
  double norm = 0;
  for (const double v : *answer.fundamental) norm += v * v;
  EXPECT_NEAR(norm, 1, 1e-12);
  const auto inputs =
      MakeMatchInputs(first_, second_, matches_, kFirst, kSecond, 4);
  for (int i = 0; i < kCount; i += 2) {
    EXPECT_LT(SquaredEpipolarError(*answer.essential, inputs.normalized[i]),
              1e-9);
  }
}

TEST_F(CorrespondenceClassifierTest, GuessedCamerasDoForTheFundamentalMatrix) {
  const CorrespondenceClassifier classifier(ByRatio());
  const auto answer = classifier.Classify(first_, second_, matches_);
  ASSERT_TRUE(answer.fundamental);
  EXPECT_LT(Distance(*answer.fundamental), 0.01);
  EXPECT_FALSE(answer.essential);
  EXPECT_FALSE(
      classifier.Classify(first_, second_, matches_, kFirst).essential);
  first_.image_width = 0;
  EXPECT_THROW(classifier.Classify(first_, second_, matches_), InputError);
}

// A network that makes nothing of a pair does not take away what both ratios
// call certain; one that keeps them is left as it is.
TEST_F(CorrespondenceClassifierTest, DistinctiveMatchesAreNotLost) {
  for (Match& match : matches_) match.reverse_ratio = match.ratio;
  ConsensusModel nothing = ByRatio();
  nothing.weights["stage0.output.bias"].data[0] = -10;
  const auto weights = CorrespondenceClassifier(nothing)
                           .Classify(first_, second_, matches_)
                           .weights;
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(weights[i] > 0, matches_[i].ratio < 0.6F) << i;
  }
  ConsensusModel everything = ByRatio();
  everything.weights["stage0.output.bias"].data[0] = 10;
  for (const float w : CorrespondenceClassifier(everything)
                           .Classify(first_, second_, matches_)
                           .weights) {
    EXPECT_GT(w, 0.9);
  }
}

TEST_F(CorrespondenceClassifierTest, NoMatchesAreNoAnswer) {
  const CorrespondenceClassifier classifier(ByRatio());
  const auto answer = classifier.Classify(first_, second_, {});
  EXPECT_TRUE(answer.weights.empty());
  EXPECT_FALSE(answer.fundamental);
}

TEST_F(CorrespondenceClassifierTest, AFileIsItsModel) {
  const std::string path =
      std::filesystem::temp_directory_path() /
      ("tiepoint_classifier_" + std::to_string(getpid()) + ".safetensors");
  const auto model = RandomConsensusModel({9, 16, {1, 1}, true}, 2);
  WriteConsensusModel(path, model);
  const CorrespondenceClassifier from_file(path);
  std::filesystem::remove(path);
  EXPECT_EQ(from_file.Classify(first_, second_, matches_).weights,
            CorrespondenceClassifier(model)
                .Classify(first_, second_, matches_)
                .weights);
  EXPECT_THROW(CorrespondenceClassifier{path}, InputError);
}

TEST_F(CorrespondenceClassifierTest, InputsThatNobodyMakesAreRefused) {
  EXPECT_THROW(
      CorrespondenceClassifier(RandomConsensusModel({5, 8, {1}, false}, 1)),
      InputError);
}

}  // namespace
}  // namespace tiepoint
