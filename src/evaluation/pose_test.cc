// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/random.h"
#include "tiepoint/network/random_consensus_model.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr int kPoints = 200;
constexpr int kWidth = 1600, kHeight = 1200;  // stored
constexpr int kWorking = 2;                   // stored pixels a working pixel

// Features of points around the origin as the cameras of a file see them; a
// share of the keypoints of each photograph is put at random places. The
// descriptor belongs to the point.
class SyntheticSource : public FeatureSource {
 public:
  SyntheticSource(const std::string& cameras, double outliers, int points)
      : cameras_(ReadGroundTruthCameras(cameras)),
        outliers_(outliers),
        points_(points) {}
  std::string Label() const override { return "synthetic"; }
  Json Settings() const override { return {}; }
  std::shared_ptr<const Features> Of(const std::string& path,
                                     int) const override;
  Features Of(const Image&) const override { return {}; }

 private:
  std::vector<GroundTruthCamera> cameras_;
  double outliers_;
  int points_;
};

std::shared_ptr<const Features> SyntheticSource::Of(const std::string& path,
                                                    int) const {
  const auto camera =
      std::find_if(cameras_.begin(), cameras_.end(),
                   [&](const auto& c) { return c.image == path; });
  auto features = std::make_shared<Features>();
  features->scale_x = features->scale_y = kWorking;
  FeatureSet& set = features->set;
  set.image_width = kWidth / kWorking;
  set.image_height = kHeight / kWorking;
  constexpr int kLength = 32;
  set.descriptors = {points_, kLength, {}};
  Random random(1);
  Random places(100 + static_cast<uint64_t>(camera - cameras_.begin()));
  for (int i = 0; i < points_; ++i) {
    std::array<double, 3> point, seen = camera->translation;
    for (double& v : point) v = random.Uniform(-1, 1);
    for (int k = 0; k < 9; ++k) {
      seen[k / 3] += camera->rotation[k] * point[k % 3];
    }
    auto [x, y] =
        Distorted(*camera, camera->fx * seen[0] / seen[2] + camera->cx,
                  camera->fy * seen[1] / seen[2] + camera->cy);
    if (places.Chance(outliers_)) {
      x = places.Uniform(0, kWidth);
      y = places.Uniform(0, kHeight);
    }
    set.keypoints.push_back(
        {.x = static_cast<float>((x + 0.5) / kWorking - 0.5),
         .y = static_cast<float>((y + 0.5) / kWorking - 0.5)});
    for (int k = 0; k < kLength; ++k) {
      set.descriptors.data.push_back(static_cast<float>(random.Normal()));
    }
  }
  return features;
}

class PoseProtocolTest : public testing::Test {
 protected:
  PoseProtocolTest() : root_(fs::path(testing::TempDir()) / "pose_protocol") {
    fs::remove_all(root_);
    fs::create_directories(root_ / "scene");
    // Four cameras on an arc of radius 5, 20 degrees apart, with distortion.
    std::ofstream file(Cameras());
    for (int k = 0; k < 4; ++k) {
      const double a = k * 20 * std::numbers::pi / 180;
      const std::string name = std::to_string(k) + ".png";
      const std::ofstream photograph(root_ / "scene" / name);
      char line[300];
      std::snprintf(line, sizeof(line),
                    "%s 1500 1480 790 610 -0.1 0.02 0.001 -0.002 %.12f 0 %.12f "
                    "0 1 0 %.12f 0 %.12f 0 0 5\n",
                    name.c_str(), std::cos(a), -std::sin(a), std::sin(a),
                    std::cos(a));
      file << line;
    }
  }
  ~PoseProtocolTest() override {
    SetNumThreads(0);
    fs::remove_all(root_);
  }

  std::string Cameras() const {
    return (root_ / "scene" / "gt_cameras.txt").string();
  }
  std::unique_ptr<PoseProtocol> Make(const PoseProtocolOptions& options) const {
    return MakePoseProtocol({root_.string()}, options);
  }

  fs::path root_;
};

double Worst(const Measurement& measurement, const std::string& series) {
  const auto& runs = measurement.at(series);
  return *std::max_element(runs.begin(), runs.end());
}

TEST_F(PoseProtocolTest, ExactFeaturesGiveExactPoses) {
  PoseProtocolOptions options;
  options.gms.factor = 1;  // 200 matches are few
  const auto protocol = Make(options);
  const SyntheticSource source(Cameras(), 0, kPoints);
  ASSERT_EQ(protocol->Items().size(), 6u);
  for (const Item& item : protocol->Items()) {
    const Measurement measured = protocol->Measure(source, item);
    for (const std::string& method : options.estimators) {
      SCOPED_TRACE(method);
      EXPECT_LT(Worst(measured, method + ".error"), 0.1);
      EXPECT_EQ(Worst(measured, method + ".answered"), 1);
      EXPECT_EQ(measured.at(method + ".precision"),
                std::vector<double>(1, 1.0));
      const size_t runs = method == "eightpoint" ? 1 : 5;
      EXPECT_EQ(measured.at(method + ".error").size(), runs);
    }
    EXPECT_EQ(measured.at("magsac.matches"), std::vector<double>(1, kPoints));
    EXPECT_EQ(Worst(measured, "magsac.inliers"), kPoints);
  }
}

TEST_F(PoseProtocolTest, RobustEstimatorsBearOutliers) {
  PoseProtocolOptions options;
  options.estimators = {"ransac", "magsac", "tiepoint", "ratio+magsac"};
  options.runs = 2;
  const auto protocol = Make(options);
  // 0.35 of the keypoints: 0.58 of the matches.
  const SyntheticSource source(Cameras(), 0.35, kPoints);
  for (const Item& item : protocol->Items()) {
    const Measurement measured = protocol->Measure(source, item);
    for (const std::string& method : options.estimators) {
      EXPECT_LT(Worst(measured, method + ".error"), 2) << method;
    }
    EXPECT_NEAR(measured.at("magsac.precision")[0], 0.42, 0.08);
    // Of the keypoints, not of the matches that the ratio leaves.
    for (const std::string method : {"magsac", "ratio+magsac"}) {
      EXPECT_EQ(measured.at(method + ".score")[0],
                measured.at(method + ".correct")[0] / kPoints);
    }
  }
}

TEST_F(PoseProtocolTest, TooFewMatchesAreNoAnswer) {
  const auto protocol = Make({});
  for (const int points : {0, 3}) {
    const SyntheticSource source(Cameras(), 0, points);
    const Measurement measured =
        protocol->Measure(source, protocol->Items()[0]);
    for (const std::string& method : PoseProtocolOptions{}.estimators) {
      SCOPED_TRACE(method);
      EXPECT_EQ(Worst(measured, method + ".error"),
                std::numeric_limits<double>::infinity());
      EXPECT_EQ(Worst(measured, method + ".answered"), 0);
    }
    EXPECT_EQ(measured.at("magsac.precision")[0], points > 0 ? 1 : 0);
  }
}

TEST_F(PoseProtocolTest, ThreadsDoNotMatter) {
  PoseProtocolOptions options;
  options.runs = 2;
  const auto protocol = Make(options);
  const SyntheticSource source(Cameras(), 0.3, kPoints);
  const Item& item = protocol->Items()[1];
  const auto measured = [&](int threads) {
    SetNumThreads(threads);
    Measurement measurement = protocol->Measure(source, item);
    std::erase_if(measurement, [](const auto& series) {
      return series.first.ends_with("milliseconds");
    });
    return measurement;
  };
  EXPECT_EQ(measured(1), measured(4));
}

TEST_F(PoseProtocolTest, SeriesOfAllColumnsAreThere) {
  const auto protocol = Make({});
  const SyntheticSource source(Cameras(), 0, kPoints);
  const Measurement measured = protocol->Measure(source, protocol->Items()[0]);
  for (const auto& variant : protocol->Variants()) {
    for (const Column& column : protocol->Columns()) {
      EXPECT_TRUE(measured.contains(variant.prefix + column.series))
          << variant.prefix + column.series;
    }
  }
}

TEST_F(PoseProtocolTest, MatchesAreJudgedByTheTrueEpipolarLines) {
  const auto protocol = Make({});
  const SyntheticSource source(Cameras(), 0.3, kPoints);
  const auto matches = protocol->MatchesOf(source, protocol->Items()[0]);
  EXPECT_EQ(matches.matches.size(), static_cast<size_t>(kPoints));
  EXPECT_EQ(matches.points.size(), matches.matches.size());
  const auto correct =
      std::count(matches.correct.begin(), matches.correct.end(), true);
  EXPECT_NEAR(static_cast<double>(correct) / kPoints, 0.49, 0.08);
}

TEST_F(PoseProtocolTest, SettingsChangeWithTheTruth) {
  const auto before = Make({})->Settings();
  EXPECT_EQ(before, Make({})->Settings());
  std::ifstream file(Cameras());
  std::string text((std::istreambuf_iterator<char>(file)), {});
  text.replace(text.find("1500"), 4, "1501");
  std::ofstream(Cameras()) << text;
  EXPECT_NE(before, Make({})->Settings());
}

TEST_F(PoseProtocolTest, APairIsMeasuredOnce) {
  const auto protocol =
      MakePoseProtocol({root_.string(), (root_ / "scene").string()}, {});
  EXPECT_EQ(protocol->Items().size(), 6u);
}

TEST_F(PoseProtocolTest, PlotsAreCumulative) {
  const auto protocol = Make({});
  ProtocolResult result;
  result.methods.push_back(
      {"m", {}, {{{"error", {1, 3}}}, {{"error", {30, 1}}}}});
  const auto plots = protocol->Plots(result);
  ASSERT_EQ(plots.size(), 2u);
  const Curve& curve = plots[0].curves.at(0);
  EXPECT_EQ(curve.label, "m");
  EXPECT_EQ(curve.x.front(), 0);
  EXPECT_EQ(curve.x.back(), 20);
  EXPECT_EQ(curve.y.front(), 0);
  EXPECT_EQ(curve.y[4], 0.5);  // 1 degree
  EXPECT_EQ(curve.y.back(), 0.75);
}

// Twelve answers told at 0.85, nine of them right; four told at 0.15 are too
// few to say anything.
TEST_F(PoseProtocolTest, ReliabilityIsTheShareOfRightAnswers) {
  Measurement measurement;
  for (int i = 0; i < 12; ++i) {
    measurement["confidence"].push_back(0.85);
    measurement["error"].push_back(i < 9 ? 1 : 20);
  }
  for (int i = 0; i < 4; ++i) {
    measurement["confidence"].push_back(0.15);
    measurement["error"].push_back(20);
  }
  ProtocolResult result;
  result.methods.push_back({"m", {}, {measurement}});
  const Plot plot = Make({})->Plots(result).at(1);
  const Curve& curve = plot.curves.at(0);
  ASSERT_EQ(curve.x.size(), 1u);
  EXPECT_NEAR(curve.x[0], 0.85, 1e-12);
  EXPECT_NEAR(curve.y[0], 0.75, 1e-12);
}

TEST_F(PoseProtocolTest, TheLearnedFilterIsGivenTheMutualMatches) {
  const std::string weights = (root_ / "correspondence.safetensors").string();
  ConsensusModel model = RandomConsensusModel({9, 16, {1}, false}, 1);
  model.weights.at("stage0.output.bias").data[0] = 100;  // keeps everything
  WriteConsensusModel(weights, model);
  PoseProtocolOptions options;
  options.estimators = {"learned+guided", "magsac"};
  EXPECT_THROW(Make(options), InputError);  // no network
  options.classifier = weights;
  options.runs = 1;
  const auto protocol = Make(options);
  const Measurement m = protocol->Measure(
      SyntheticSource(Cameras(), 0.3, kPoints), protocol->Items()[0]);
  EXPECT_EQ(m.at("learned+guided.matches"), m.at("magsac.matches"));
  EXPECT_EQ(m.at("learned+guided.recall")[0], 1);
  EXPECT_LT(m.at("learned+guided.error")[0], 0.2);
}

TEST_F(PoseProtocolTest, MatchesAreMadeHarder) {
  PoseProtocolOptions options;
  options.estimators = {"eightpoint"};
  options.outliers = 0.8;
  const auto protocol = Make(options);
  const Measurement m = protocol->Measure(
      SyntheticSource(Cameras(), 0.3, kPoints), protocol->Items()[0]);
  EXPECT_NEAR(m.at("eightpoint.precision")[0], 0.2, 0.01);
}

TEST_F(PoseProtocolTest, UnusableOptionsAreRefused) {
  PoseProtocolOptions options;
  options.estimators = {"lmeds"};
  EXPECT_THROW(Make(options), InputError);
  options.estimators = {"best+magsac"};
  EXPECT_THROW(Make(options), InputError);
  options.estimators = {};
  EXPECT_THROW(Make(options), InputError);
  options = {};
  options.runs = 0;
  EXPECT_THROW(Make(options), InputError);
  EXPECT_THROW(MakePoseProtocol({}, {}), InputError);
}

}  // namespace
}  // namespace tiepoint
