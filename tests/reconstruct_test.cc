// SPDX-License-Identifier: Apache-2.0
// `tiepoint reconstruct` on windows of one picture, with SIFT, and a program in
// the place of COLMAP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "run_program.h"
#include "tiepoint/base/random.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Writes a model of all photographs, slowly.
constexpr const char* kMapper = R"sh(#!/bin/sh
case "$1" in
help) echo 'COLMAP 3.8 -- SfM'; exit 0;;
mapper) ;;
*) exit 0;;
esac
while [ $# -gt 0 ]; do
  [ "$1" = --output_path ] && out=$2
  [ "$1" = --image_path ] && images=$2
  shift
done
sleep 0.1
for model in 0 1; do
  mkdir "$out/$model"
  echo '1 PINHOLE 9 9 9 9 4 4' > "$out/$model/cameras.txt"
  : > "$out/$model/images.txt"
  n=0
  for image in "$images"/*.png; do
    n=$((n + 1))
    [ $model = 0 ] && [ $n -gt 2 ] && continue
    echo "$n 1 0 0 0 0 0 0 1 $(basename "$image")" >> "$out/$model/images.txt"
    echo >> "$out/$model/images.txt"
  done
  echo "1 0 0 1 0 0 0 0.25" > "$out/$model/points3D.txt"
  sleep 0.05
done
)sh";

class ReconstructTest : public ProgramTest {
 protected:
  ReconstructTest() {
    cv::Mat world(700, 900, CV_32FC1);
    cv::RNG random(3);
    random.fill(world, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(world, world, {}, 2);
    world.convertTo(world, CV_8U, 500, 128);
    fs::create_directories(Path("photos"));
    for (int i = 0; i < kPhotographs; ++i) {
      const cv::Rect window(40 * i, 25 * (i % 3), 320, 260);
      EXPECT_TRUE(cv::imwrite(Path("photos/" + NameOf(i)), world(window)));
    }
    Write("colmap", kMapper);
    fs::permissions(Path("colmap"), fs::perms::owner_all);
  }

  static std::string NameOf(int i) { return std::to_string(i) + ".png"; }

  std::vector<std::string> Arguments(
      const std::string& folder,
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "reconstruct",  Path("photos"),    "-o",
        Path(folder),   "--preset",        "sift",
        "--filter",     "ratio",           "--colmap",
        Path("colmap"), "--max-keypoints", "400"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProgramResult Reconstruct(const std::string& folder,
                            const std::vector<std::string>& more = {}) const {
    return Run(Arguments(folder, more));
  }

  // All that one folder holds is in the other.
  void ExpectSame(const std::string& a, const std::string& b) const {
    {
      const FeatureFile first(Path(a + "/features.h5"));
      const FeatureFile second(Path(b + "/features.h5"));
      ASSERT_EQ(first.Names(), second.Names());
      EXPECT_EQ(first.Attributes(), second.Attributes());
      for (const std::string& name : first.Names()) {
        const FeatureSet x = *first.Find(name), y = *second.Find(name);
        EXPECT_EQ(x.keypoints, y.keypoints);
        EXPECT_EQ(x.descriptors.data, y.descriptors.data);
      }
    }
    {
      const MatchFile first(Path(a + "/matches.h5"));
      const MatchFile second(Path(b + "/matches.h5"));
      for (int i = 0; i < kPhotographs; ++i) {
        for (int j = i + 1; j < kPhotographs; ++j) {
          EXPECT_EQ(first.Find(NameOf(i), NameOf(j)),
                    second.Find(NameOf(i), NameOf(j)));
        }
      }
    }
    std::vector<std::string> files = {"database.db", "report.html",
                                      "stages.json"};
    for (const char* model : {"0", "1"}) {
      for (const char* file : {"cameras", "images", "points3D"}) {
        files.push_back(std::string("sparse/") + model + "/" + file + ".txt");
      }
    }
    for (const std::string& file : files) {
      EXPECT_EQ(Content(Path(a + "/" + file)), Content(Path(b + "/" + file)))
          << file;
    }
    for (const auto& entry : fs::directory_iterator(Path(b))) {
      EXPECT_NE(entry.path().extension(), ".part");
      EXPECT_NE(entry.path().extension(), ".journal");
    }
  }

  static constexpr int kPhotographs = 8;
};

TEST_F(ReconstructTest, FromPhotographsToAModel) {
  const ProgramResult result = Reconstruct("out");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  // The larger model comes first, though the mapper made it second.
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("[8/8] 7.png"), HasSubstr("[28/28] pairs"),
                    HasSubstr("sparse/0  8 of 8 photographs"),
                    HasSubstr("sparse/1  2 of 8 photographs")));
  const ColmapDatabaseCounts counts =
      CountColmapDatabase(Path("out/database.db"));
  EXPECT_EQ(counts.images, 8);
  EXPECT_EQ(counts.cameras, 1);
  EXPECT_GT(counts.inlier_pairs, 12);
  EXPECT_GT(counts.inlier_matches, 50 * counts.inlier_pairs);
  const MatchFile matches(Path("out/matches.h5"));
  const ColmapTwoView geometry =
      matches.Find("0.png", "1.png").value().geometry.value();
  EXPECT_EQ(geometry.configuration, ColmapConfiguration::kPlanarOrPanoramic);
  ASSERT_TRUE(geometry.homography);
  EXPECT_NEAR((*geometry.homography)[2], -40, 0.2);
  EXPECT_THAT(Content(Path("out/report.html")),
              AllOf(HasSubstr("8 of 8"), HasSubstr("planar or panoramic"),
                    HasSubstr("SIMPLE_RADIAL"), HasSubstr("COLMAP 3.8")));
}

TEST_F(ReconstructTest, AgainNothingIsDone) {
  EXPECT_EQ(Reconstruct("out").exit_code, 0);
  fs::copy(Path("out"), Path("copy"), fs::copy_options::recursive);
  const ProgramResult again = Reconstruct("out", {"--threads", "3"});
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_THAT(again.output,
              AllOf(HasSubstr("8 of 8 photographs are in"),
                    HasSubstr("28 of 28 pairs are in"),
                    HasSubstr("written already"), HasSubstr("done already")));
  ExpectSame("copy", "out");
  EXPECT_EQ(Reconstruct("out", {"--quiet"}).output, "");
}

TEST_F(ReconstructTest, ThreadsDoNotChangeTheResult) {
  EXPECT_EQ(Reconstruct("one", {"--threads", "1"}).exit_code, 0);
  EXPECT_EQ(Reconstruct("three", {"--threads", "3"}).exit_code, 0);
  ExpectSame("one", "three");
}

// The heart of the matter: SIGKILL at any time, and the next run ends with what
// an undisturbed one has.
TEST_F(ReconstructTest, KilledAtAnyTime) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  EXPECT_EQ(Reconstruct("whole").exit_code, 0);
  const double all =
      std::chrono::duration<double>(Clock::now() - begin).count();
  Random random(11);
  int killed = 0;
  constexpr int kRounds = 14;
  for (int round = 0; round < kRounds; ++round) {
    fs::remove_all(Path("out"));
    const double at = all * (round + random.Uniform()) / kRounds;
    killed += RunKilled(Arguments("out"), at).exit_code == 137;
    // Some are killed once more.
    if (round % 3 == 0) RunKilled(Arguments("out"), all * random.Uniform());
    const ProgramResult rest = Reconstruct("out");
    ASSERT_EQ(rest.exit_code, 0) << rest.errors << " killed at " << at;
    ExpectSame("whole", "out");
  }
  EXPECT_GE(killed, kRounds / 2);
}

// Matching is done: only database, model and page are written.
TEST_F(ReconstructTest, KilledWhileWriting) {
  EXPECT_EQ(Reconstruct("whole").exit_code, 0);
  fs::copy(Path("whole"), Path("out"), fs::copy_options::recursive);
  const auto forget = [&] {
    for (const char* name : {"database.db", "stages.json", "report.html"}) {
      fs::remove(Path(std::string("out/") + name));
    }
    fs::remove_all(Path("out/sparse"));
  };
  forget();
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  EXPECT_EQ(Reconstruct("out").exit_code, 0);
  const double all =
      std::chrono::duration<double>(Clock::now() - begin).count();
  Random random(12);
  for (int round = 0; round < 10; ++round) {
    forget();
    RunKilled(Arguments("out"), all * (round + random.Uniform()) / 10);
    const ProgramResult rest = Reconstruct("out");
    ASSERT_EQ(rest.exit_code, 0) << rest.errors;
    ExpectSame("whole", "out");
  }
}

TEST_F(ReconstructTest, PairsThatAreWanted) {
  EXPECT_THAT(Reconstruct("out", {"--pairs", "sequential", "--overlap", "2",
                                  "--no-mapper"})
                  .output,
              HasSubstr("13 pairs"));
  Write("pairs.txt", "0.png 3.png\n4.png 2.png\n");
  EXPECT_THAT(Reconstruct("few", {"--pairs", Path("pairs.txt")}).output,
              HasSubstr("of 2 pairs"));
  const ProgramResult retrieval =
      Reconstruct("near", {"--pairs", "retrieval", "--partners", "1"});
  EXPECT_EQ(retrieval.exit_code, 0) << retrieval.errors;
  EXPECT_FALSE(
      MatchFile(Path("near/matches.h5")).Find("0.png", "7.png").has_value());
  // More pairs are added to those that are there; the database has all.
  EXPECT_EQ(Reconstruct("out").exit_code, 0);
  EXPECT_EQ(Reconstruct("all").exit_code, 0);
  EXPECT_EQ(Content(Path("out/database.db")), Content(Path("all/database.db")));
}

// Killed with other pairs, then asked for the first ones again.
TEST_F(ReconstructTest, KilledWithOtherPairs) {
  EXPECT_EQ(Reconstruct("whole").exit_code, 0);
  fs::copy(Path("whole"), Path("out"), fs::copy_options::recursive);
  for (const double at : {0.05, 0.1, 0.15, 0.2, 0.3}) {
    RunKilled(Arguments("out", {"--pairs", "sequential", "--overlap", "1"}),
              at);
    EXPECT_EQ(Reconstruct("out").exit_code, 0);
    ExpectSame("whole", "out");
  }
}

// Names alone tell photographs apart.
TEST_F(ReconstructTest, PhotographsOfAnotherFolder) {
  fs::copy(Path("photos"), Path("others"));
  std::vector<std::string> arguments = Arguments("out", {"--no-mapper"});
  EXPECT_EQ(Run(arguments).exit_code, 0);
  arguments[1] = Path("others");
  ExpectRefused(Run(arguments), {"photos", "-o"});
  // The first ones may have been moved.
  fs::rename(Path("photos"), Path("moved"));
  EXPECT_EQ(Run(arguments).exit_code, 0);
}

TEST_F(ReconstructTest, Cameras) {
  const auto cameras = [&](const std::string& folder) {
    return CountColmapDatabase(Path(folder + "/database.db")).cameras;
  };
  EXPECT_EQ(Reconstruct("single", {"--camera-mode", "single"}).exit_code, 0);
  EXPECT_EQ(cameras("single"), 1);
  EXPECT_EQ(Reconstruct("single", {"--camera-mode", "per-image"}).exit_code, 0);
  EXPECT_EQ(cameras("single"), 8);
  EXPECT_EQ(Reconstruct("given", {"--camera-model", "PINHOLE",
                                  "--camera-params", "300,300,160,130"})
                .exit_code,
            0);
  EXPECT_EQ(cameras("given"), 1);
  const MatchFile matches(Path("given/matches.h5"));
  EXPECT_TRUE(
      matches.Find("0.png", "1.png").value().geometry.value().essential);
  ExpectRefused(Reconstruct("x", {"--camera-params", "1,2"}), {"4 numbers"});
  ExpectRefused(Reconstruct("x", {"--camera-model", "FISHEYE"}),
                {"FISHEYE", "OPENCV"});
  ExpectRefused(Reconstruct("x", {"--camera-mode", "any"}), {"per-folder"});
}

TEST_F(ReconstructTest, BlankAndDamagedPhotographs) {
  EXPECT_TRUE(cv::imwrite(Path("photos/blank.png"),
                          cv::Mat(90, 120, CV_8UC1, cv::Scalar(9))));
  Write("photos/damaged.jpg", "nothing");
  const ProgramResult result = Reconstruct("out");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("damaged.jpg"));
  EXPECT_EQ(CountColmapDatabase(Path("out/database.db")).images, 9);
  EXPECT_THAT(Content(Path("out/report.html")),
              AllOf(HasSubstr("1 photograph could not be used: damaged.jpg"),
                    HasSubstr("blank.png")));
}

TEST_F(ReconstructTest, AMapperThatFails) {
  Write("colmap",
        "#!/bin/sh\n[ \"$1\" = mapper ] || echo 'COLMAP 3.8 -- x'\n"
        "[ \"$1\" != mapper ] || { echo no pair; exit 1; }\n");
  fs::permissions(Path("colmap"), fs::perms::owner_all);
  const ProgramResult result = Reconstruct("out");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("no pair"), HasSubstr("no model")));
  EXPECT_THAT(Content(Path("out/report.html")), HasSubstr("no model was made"));
  EXPECT_THAT(Content(Path("out/mapper.log")), HasSubstr("no pair"));
}

// The mapper of a killed program goes on for a while: it is in nobody's way.
TEST_F(ReconstructTest, KilledWhileMapping) {
  EXPECT_EQ(Reconstruct("whole").exit_code, 0);
  std::string mapper = kMapper;
  mapper.replace(mapper.find("sleep 0.1"), 9,
                 "touch \"$out/../started\"; sleep 9");
  const std::string quick = Content(Path("colmap"));
  Write("colmap", mapper);
  const ProgramResult killed = RunKilled(Arguments("out"), 4);
  EXPECT_EQ(killed.exit_code, 137);
  bool started = false;
  for (const auto& entry : fs::directory_iterator(Path("out"))) {
    started = started || fs::exists(entry.path() / "started");
  }
  EXPECT_TRUE(started);
  Write("colmap.quick", quick);
  fs::permissions(Path("colmap.quick"), fs::perms::owner_all);
  fs::rename(Path("colmap.quick"), Path("colmap"));
  const ProgramResult rest = Reconstruct("out");
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  ExpectSame("whole", "out");
}

TEST_F(ReconstructTest, CtrlC) {
  const ProgramResult whole = Reconstruct("whole");
  EXPECT_EQ(whole.exit_code, 0) << whole.errors;
  // More work than half a second has.
  std::string mapper = kMapper;
  mapper.replace(mapper.find("sleep 0.1"), 9, "sleep 30.");
  const std::string quick = Content(Path("colmap"));
  Write("colmap", mapper);
  const ProgramResult stopped = Run(Arguments("out"), Path("out/features.h5"));
  EXPECT_EQ(stopped.exit_code, 130);
  EXPECT_EQ(stopped.errors, "tiepoint: interrupted\n");
  Write("colmap", quick);
  EXPECT_EQ(Reconstruct("out").exit_code, 0);
  ExpectSame("whole", "out");
}

TEST_F(ReconstructTest, WithoutColmap) {
  std::vector<std::string> arguments = Arguments("out");
  const auto colmap = std::find(arguments.begin(), arguments.end(), "--colmap");
  arguments.erase(colmap, colmap + 2);
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const ProgramResult without = Run(arguments);
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_EQ(without.errors, "");
  EXPECT_THAT(without.output, HasSubstr("COLMAP was not found"));
  EXPECT_THAT(Content(Path("out/report.html")),
              HasSubstr("COLMAP was not found"));
  EXPECT_EQ(CountColmapDatabase(Path("out/database.db")).images, 8);
  // It goes on when there is one.
  EXPECT_THAT(Reconstruct("out").output,
              AllOf(HasSubstr("written already"), HasSubstr("8 of 8")));
}

TEST_F(ReconstructTest, BadInput) {
  ExpectRefused(Run({"reconstruct", Path("none"), "-o", Path("x")}),
                {Path("none"), "not a folder"});
  ExpectRefused(Run({"reconstruct", Path("photos")}), {"--output"});
  ExpectRefused(Reconstruct("x", {"--pairs", "some"}), {"some"});
  ExpectRefused(Run({"reconstruct", Path("photos"), "-o", Path("x"), "--colmap",
                     Path("no_colmap")}),
                {"no_colmap", "not found"});
  EXPECT_EQ(Reconstruct("out").exit_code, 0);
  ExpectRefused(Reconstruct("out", {"--max-error", "2"}),
                {"matches.h5", "max_error"});
  ExpectRefused(Run({"reconstruct", Path("photos"), "-o", Path("out"),
                     "--preset", "rootsift", "--filter", "ratio"}),
                {"made with other options"});
}

}  // namespace
}  // namespace tiepoint
