// SPDX-License-Identifier: Apache-2.0
#include "evaluation/sfm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>

#include "evaluation/camera_set.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/io/colmap_program.h"
#include "tiepoint/io/program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int kCameras = 5;
constexpr int kPoints = 200;
constexpr int kNonsense = 20;                   // more would only take longer
constexpr double kWidth = 1200, kHeight = 800;  // stored
constexpr double kReduced = 4;                  // stored pixels a working pixel

// Camera `index` on an arc of 10 units about the origin, 8 degrees apart,
// looking at it; a little higher each, so that centres are not on a line.
GroundTruthCamera ArcCamera(int index, bool distorted) {
  const double angle = (index - 2) * 8 * std::numbers::pi / 180;
  const double c = std::cos(angle), s = std::sin(angle);
  GroundTruthCamera camera;
  camera.image = "images/" + std::to_string(index) + ".jpg";
  camera.fx = 1000;
  camera.fy = 1010;
  camera.cx = 600;
  camera.cy = 395;
  if (distorted) camera.distortion = {-0.1, 0.02, 0.001, -0.002};
  camera.rotation = {c, 0, s, 0, 1, 0, -s, 0, c};
  camera.translation = {0, 0.3 * index * index, 10};
  return camera;
}

std::string Line(const GroundTruthCamera& c) {
  std::ostringstream line;
  line.precision(17);
  line << c.image << " " << c.fx << " " << c.fy << " " << c.cx << " " << c.cy;
  for (const double v : c.distortion) line << " " << v;
  for (const double v : c.rotation) line << " " << v;
  for (const double v : c.translation) line << " " << v;
  return line.str() + "\n";
}

// Where the camera sees the point, in stored pixels.
std::array<double, 2> Project(const GroundTruthCamera& camera,
                              const std::array<double, 3>& point) {
  std::array<double, 3> p = camera.translation;
  for (int r = 0; r < 3; ++r) {
    for (int k = 0; k < 3; ++k) p[r] += camera.rotation[3 * r + k] * point[k];
  }
  return Distorted(camera, camera.fx * p[0] / p[2] + camera.cx,
                   camera.fy * p[1] / p[2] + camera.cy);
}

// Keypoints where cameras see points of a box, with a descriptor each point;
// what a scene's features are worth depends on its name.
class BoxSource : public FeatureSource {
 public:
  BoxSource() {
    Random random(3);
    for (auto& point : points_) {
      point = {random.Uniform(-3, 3), random.Uniform(-2, 2),
               random.Uniform(-2, 2)};
    }
    for (auto& descriptor : descriptors_) {
      descriptor.resize(32);
      double sum = 0;
      for (float& v : descriptor) {
        v = static_cast<float>(random.Normal());
        sum += v * v;
      }
      for (float& v : descriptor) v /= static_cast<float>(std::sqrt(sum));
    }
  }

  std::string Label() const override { return "box"; }
  Json Settings() const override { return {{"source", "box"}}; }
  Features Of(const Image&) const override { return {}; }

  std::shared_ptr<const Features> Of(const std::string& path,
                                     int) const override {
    const std::string scene =
        fs::path(path).parent_path().parent_path().filename();
    const int index = std::stoi(fs::path(path).stem());
    auto features = std::make_shared<Features>();
    features->scale_x = features->scale_y = kReduced;
    features->set.image_width = static_cast<int>(kWidth / kReduced);
    features->set.image_height = static_cast<int>(kHeight / kReduced);
    if (scene == "blank") return features;
    Random random(index);
    const GroundTruthCamera camera = ArcCamera(index, scene == "distorted");
    const int count = scene == "nonsense" ? kNonsense : kPoints;
    for (int i = 0; i < count; ++i) {
      auto [x, y] = Project(camera, points_[i]);
      // Every tenth match is wrong; in "nonsense", all of them are.
      if (i % 10 == index || scene == "nonsense") {
        x = random.Uniform(0, kWidth);
        y = random.Uniform(0, kHeight);
      }
      Add(x, y, descriptors_[i], features->set);
    }
    return features;
  }

 private:
  static void Add(double x, double y, const std::vector<float>& descriptor,
                  FeatureSet& set) {
    Keypoint keypoint;
    keypoint.x = static_cast<float>((x + 0.5) / kReduced - 0.5);
    keypoint.y = static_cast<float>((y + 0.5) / kReduced - 0.5);
    set.keypoints.push_back(keypoint);
    set.descriptors.cols = static_cast<int>(descriptor.size());
    ++set.descriptors.rows;
    set.descriptors.data.insert(set.descriptors.data.end(), descriptor.begin(),
                                descriptor.end());
  }

  std::array<std::array<double, 3>, kPoints> points_{};
  std::array<std::vector<float>, kPoints> descriptors_;
};

class SfmTest : public ::testing::Test {
 protected:
  // The photographs are never looked at: features come from BoxSource.
  std::string Scene(const std::string& name) const {
    const fs::path scene = fs::path(folder_.Path()) / "set" / name;
    fs::create_directories(scene / "images");
    std::ofstream cameras(scene / "gt_cameras.txt");
    for (int i = 0; i < kCameras; ++i) {
      const GroundTruthCamera camera = ArcCamera(i, name == "distorted");
      cameras << Line(camera);
      std::ofstream(scene / camera.image) << i;
    }
    return scene.string();
  }
  // See ColmapTest; 'mapper' does `script`.
  std::string FakeColmap(const std::string& cuda, const std::string& script) {
    const std::string path = folder_.Path() + "/program";
    std::ofstream(path) << "#!/bin/sh\ncase $1 in help) echo 'COLMAP 3.8 -- "
                        << cuda << " CUDA';; mapper) " << script << ";; esac\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  SfmOptions Options(const std::string& colmap = "colmap") {
    SfmOptions options;
    options.colmap = colmap;
    options.report = [this](const std::string& text) {
      reports_.push_back(text);
    };
    return options;
  }
  std::vector<std::string> NotesOf(const Protocol& protocol,
                                   const Measurement& measurement) const {
    ProtocolResult result;
    result.items = {protocol.Items()[0]};
    result.methods = {{"box", {}, {measurement}}};
    return protocol.Notes(result);
  }

  TemporaryFolder folder_;
  BoxSource source_;
  std::vector<std::string> reports_;
};

double Value(const Measurement& measurement, const std::string& series) {
  return measurement.at(series).at(0);
}

TEST(SfmPairsTest, AllPairsOrNeighbours) {
  EXPECT_THAT(SfmPairs(3, 0), ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2)));
  EXPECT_THAT(SfmPairs(1, 0), IsEmpty());
  // The nearest of each, of equally near ones the earlier.
  EXPECT_THAT(SfmPairs(4, 1), ElementsAre(Pair(0, 1), Pair(1, 2), Pair(2, 3)));
  EXPECT_THAT(SfmPairs(4, 2), ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2),
                                          Pair(1, 3), Pair(2, 3)));
  EXPECT_EQ(SfmPairs(6, 5), SfmPairs(6, 0));
}

// The whole way through the real program: exact keypoints (of a reduced
// picture) with one wrong match in ten give the true cameras back. A pixel
// convention that is off by half a pixel moves the centres by more than 1e-4.
TEST_F(SfmTest, ColmapFindsTheTrueCameras) {
  if (FindProgram("colmap").empty()) GTEST_SKIP() << "needs the program colmap";
  for (const std::string name : {"plain", "distorted"}) {
    SCOPED_TRACE(name);
    const auto protocol = MakeSfmProtocol({Scene(name)}, Options());
    ASSERT_EQ(protocol->Items().size(), 1u);
    const Measurement m = protocol->Measure(source_, protocol->Items()[0]);
    EXPECT_EQ(Value(m, "images"), kCameras);
    EXPECT_EQ(Value(m, "registered"), kCameras);
    EXPECT_EQ(Value(m, "pairs"), 10);
    EXPECT_EQ(Value(m, "matches"), 10 * kPoints);
    EXPECT_EQ(Value(m, "inlier_pairs"), 10);
    // 1 - 2 / 10 of the matches are right; chance adds a few.
    EXPECT_NEAR(Value(m, "inlier_matches"), 8 * kPoints, 50);
    EXPECT_GT(Value(m, "points"), 0.9 * kPoints);
    EXPECT_LT(Value(m, "points"), 1.1 * kPoints);
    EXPECT_GT(Value(m, "track_length"), 3.5);
    EXPECT_LT(Value(m, "reprojection_error"), 1e-3);
    EXPECT_LT(Value(m, "position_mean"), 1e-5);
    EXPECT_LT(Value(m, "rotation_mean"), 1e-4);
    EXPECT_TRUE(std::isnan(Value(m, "dense_points")) ||
                Value(m, "dense_points") > 0);
    EXPECT_EQ(Value(m, "failure"), 0);
    // Every column has a value or says that it is undefined.
    for (const Column& column : protocol->Columns()) {
      EXPECT_EQ(m.count(column.series), 1u) << column.key;
    }
  }
}

TEST_F(SfmTest, WrongMatchesGiveNoModel) {
  if (FindProgram("colmap").empty()) GTEST_SKIP() << "needs the program colmap";
  const auto protocol = MakeSfmProtocol({Scene("nonsense")}, Options());
  const Measurement m = protocol->Measure(source_, protocol->Items()[0]);
  EXPECT_EQ(Value(m, "pairs"), 10);
  EXPECT_EQ(Value(m, "registered"), 0);
  EXPECT_THAT(NotesOf(*protocol, m),
              Contains("nonsense, box: not reconstructed, COLMAP's mapper "
                       "found no model."));
}

TEST_F(SfmTest, WithoutMatchesColmapIsNotAsked) {
  const auto protocol = MakeSfmProtocol(
      {Scene("blank")}, Options(FakeColmap("without", "exit 7")));
  const Measurement m = protocol->Measure(source_, protocol->Items()[0]);
  EXPECT_EQ(Value(m, "registered"), 0);
  EXPECT_EQ(Value(m, "keypoints"), 0);
  EXPECT_TRUE(std::isnan(Value(m, "seconds_verification")));
  EXPECT_TRUE(std::isnan(Value(m, "position_mean")));
  EXPECT_THAT(NotesOf(*protocol, m),
              Contains("blank, box: not reconstructed, no pair of photographs "
                       "has enough matches."));
}

TEST_F(SfmTest, ACrashIsOneLineAndZeroImages) {
  const auto protocol = MakeSfmProtocol(
      {Scene("plain")}, Options(FakeColmap("without", "kill -SEGV $$")));
  const Measurement m = protocol->Measure(source_, protocol->Items()[0]);
  EXPECT_EQ(Value(m, "registered"), 0);
  EXPECT_EQ(Value(m, "matches"), 10 * kPoints);
  EXPECT_THAT(reports_.back(),
              HasSubstr("plain, box: colmap mapper: signal 11"));
}

TEST_F(SfmTest, TheWorkFolderIsKeptWhenAskedFor) {
  SfmOptions options = Options(FakeColmap("without", "exit 0"));
  options.work_folder = folder_.Path() + "/work";
  const auto protocol = MakeSfmProtocol({Scene("plain")}, options);
  for (int run = 0; run < 2; ++run) {  // the second replaces the first
    protocol->Measure(source_, protocol->Items()[0]);
    const std::string kept = options.work_folder + "/set/plain/box/";
    EXPECT_TRUE(fs::exists(kept + "database.db"));
    EXPECT_TRUE(fs::exists(kept + "mapper.log"));
  }
}

TEST_F(SfmTest, SettingsTellWhatTheNumbersDependOn) {
  const std::string colmap = FakeColmap("without", "exit 0");
  const std::string scene = Scene("plain");
  const Json known = MakeSfmProtocol({scene}, Options(colmap))->Settings();
  EXPECT_EQ(known["colmap"], "COLMAP 3.8");
  EXPECT_EQ(known["scenes"][0]["intrinsics"], "known, fixed");
  SfmOptions options = Options(colmap);
  options.intrinsics = SfmIntrinsics::kPrior;
  EXPECT_NE(MakeSfmProtocol({scene}, options)->Settings(), known);
  EXPECT_EQ(known["matching"]["filter"], "ratio");
  options = Options(colmap);
  options.matching.filter = MatchFilter::kNone;
  EXPECT_NE(MakeSfmProtocol({scene}, options)->Settings(), known);
  std::ofstream(scene + "/images/0.jpg") << "another photograph";
  EXPECT_NE(MakeSfmProtocol({scene}, Options(colmap))->Settings(), known);
}

TEST_F(SfmTest, SaysWhatCannotBeUsed) {
  const std::string scene = Scene("plain");
  EXPECT_THROW(MakeSfmProtocol({scene}, Options("/no/such/colmap")),
               InputError);
  EXPECT_THROW(MakeSfmProtocol({}, Options()), InputError);
  SfmOptions options = Options();
  options.matching.max_ratio = 1.5;
  EXPECT_THROW(MakeSfmProtocol({scene}, options), InputError);
  options = Options();
  options.threads = 0;
  EXPECT_THROW(MakeSfmProtocol({scene}, options), InputError);
}

}  // namespace
}  // namespace tiepoint
