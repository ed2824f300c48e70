// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/match_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class MatchFileTest : public ::testing::Test {
 protected:
  MatchFileTest()
      : path_(fs::temp_directory_path() /
              ("tiepoint_matches_" + std::to_string(getpid()) + ".h5")) {}
  ~MatchFileTest() override { fs::remove(path_); }

  static MatchedPair SomePair(int seed = 0) {
    return {.matches = {{0, 7, 0.5f}, {2, 1 + seed, 1}, {4, 0, 0.25f}},
            .geometry =
                ColmapTwoView{.configuration = ColmapConfiguration::kCalibrated,
                              .inliers = {{0, 7}, {4, 0}},
                              .fundamental = {{0, 1, 2, 3, 4, 5, 6, 7, 8}},
                              .essential = {{9, 8, 7, 6, 5, 4, 3, 2, 1}},
                              .homography = {},
                              .pose = ColmapTwoView::Pose{}}};
  }

  std::string path_;
};

TEST_F(MatchFileTest, PairsComeBackEitherWayRound) {
  {
    MatchFileWriter writer(path_, {{"a", "b"}});
    writer.Add("x/1.jpg", "y/2.jpg", 5, {{{3, 0, 1}, {1, 4, 0.5f}}});
    writer.Add("x/1.jpg", "3.jpg", 5, {});
    EXPECT_TRUE(writer.Has("y/2.jpg", "x/1.jpg"));
    EXPECT_FALSE(writer.Has("y/2.jpg", "3.jpg"));
    EXPECT_THROW(writer.Add("y/2.jpg", "x/1.jpg", 5, {}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{{5, 0, 1}}}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{{0, -1, 1}}}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{{0, 1, 1}, {0, 2, 1}}}), InputError);
  }
  {
    const MatchFile file(path_);
    EXPECT_EQ(file.Pairs().size(), 2u);
    EXPECT_THAT(file.Find("x/1.jpg", "y/2.jpg").value().matches,
                ElementsAre(PairMatch{1, 4, 0.5f}, PairMatch{3, 0, 1}));
    EXPECT_THAT(file.Find("y/2.jpg", "x/1.jpg").value().matches,
                ElementsAre(PairMatch{0, 3, 1}, PairMatch{4, 1, 0.5f}));
    EXPECT_EQ(file.Find("x/1.jpg", "3.jpg"), MatchedPair{});
    EXPECT_FALSE(file.Find("3.jpg", "y/2.jpg").has_value());
  }
  // Added to by the same, not by others.
  EXPECT_TRUE(MatchFileWriter(path_, {{"a", "b"}}).Has("x/1.jpg", "3.jpg"));
  EXPECT_THROW(MatchFileWriter(path_, {{"a", "c"}}), InputError);
}

TEST_F(MatchFileTest, GeometriesComeBackEitherWayRound) {
  const MatchedPair calibrated = SomePair();
  MatchedPair planar = SomePair();
  planar.geometry =
      ColmapTwoView{.configuration = ColmapConfiguration::kPlanarOrPanoramic,
                    .inliers = {},
                    .homography = {{1, 0, 3, 0, 1, -4, 0, 0, 1}}};
  MatchFileWriter writer(path_, {});
  writer.Add("a/b.jpg", "c.jpg", 5, calibrated);
  writer.Add("c.jpg", "d.jpg", 5, planar);
  EXPECT_EQ(writer.Find("a/b.jpg", "c.jpg"), calibrated);
  EXPECT_EQ(writer.Find("c.jpg", "d.jpg"), planar);
  const MatchedPair turned = writer.Find("d.jpg", "c.jpg").value();
  EXPECT_EQ(turned.geometry, Turned(*planar.geometry));
  EXPECT_EQ(turned.geometry->homography.value()[2], -3);
  MatchedPair wrong = SomePair();
  wrong.geometry->inliers = {{0, 6}};
  EXPECT_THROW(writer.Add("e", "f", 5, wrong), InputError);
  EXPECT_FALSE(writer.Has("e", "f"));
}

TEST_F(MatchFileTest, CamerasStandBesideTheirGeometry) {
  MatchedPair pair = SomePair();
  pair.cameras = PairCameras{{{500, 501, 320, 240}}, {}};
  MatchFileWriter writer(path_, {});
  writer.Add("a", "b", 5, pair);
  writer.Add("a", "c", 5, SomePair());
  EXPECT_EQ(writer.Find("a", "b"), pair);
  EXPECT_EQ(writer.FindCameras("a", "b"), pair.cameras);
  EXPECT_EQ(writer.FindCameras("b", "a"),
            (PairCameras{{}, {{500, 501, 320, 240}}}));
  EXPECT_FALSE(writer.FindCameras("a", "c").has_value());
  EXPECT_FALSE(writer.FindCameras("a", "x").has_value());
  // Taken out and added anew.
  writer.Remove("b", "a");
  EXPECT_FALSE(writer.Has("a", "b"));
  EXPECT_THROW(writer.Remove("a", "b"), InputError);
  writer.Add("b", "a", 8, {});
  EXPECT_EQ(writer.Find("b", "a"), MatchedPair{});
  EXPECT_EQ(writer.Find("a", "c"), SomePair());
}

TEST_F(MatchFileTest, DamagedGeometriesAreRefused) {
  const auto refuse = [&](const MatchedPair& pair, const std::string& what) {
    fs::remove(path_);
    MatchFileWriter(path_, {}).Add("a", "b", 5, pair);
    try {
      MatchFile(path_).Find("a", "b");
      FAIL() << what;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("a/b/" + what));
    }
  };
  MatchedPair pair = SomePair();
  pair.geometry->configuration = static_cast<ColmapConfiguration>(99);
  refuse(pair, "two_view");
  pair = SomePair();
  (*pair.geometry->fundamental)[3] = std::nan("");
  refuse(pair, "fundamental");
}

TEST_F(MatchFileTest, TheLayoutOfHloc) {
  MatchFileWriter(path_, {}).Add("a/b.jpg", "c.jpg", 5, SomePair());
  const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = H5Dopen2(file, "a-b.jpg/c.jpg/matches0", H5P_DEFAULT);
  std::vector<int> partners(5);
  EXPECT_GE(H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                    partners.data()),
            0);
  EXPECT_THAT(partners, ElementsAre(7, -1, 1, -1, 0));
  H5Dclose(data);
  H5Fclose(file);
}

// A program that is killed while it adds leaves whole pairs.
TEST_F(MatchFileTest, KilledWhileAdding) {
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      MatchFileWriter file(path_, {});
      for (int i = 0;; ++i) {
        const std::string name = std::to_string(i);
        if (!file.Has(name, "x")) file.Add(name, "x", 12, SomePair(i % 7));
      }
    }
    usleep(20'000 + 7'000 * round);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const MatchFileWriter file(path_, {});
    int count = 0;
    while (file.Has(std::to_string(count), "x")) {
      EXPECT_EQ(file.Find(std::to_string(count), "x"), SomePair(count % 7));
      ++count;
    }
    if (round == 4) {
      EXPECT_GT(count, 0);
    }
  }
}

TEST_F(MatchFileTest, OtherSettingsAreNamed) {
  { const MatchFileWriter file(path_, {{"filter", "learned"}}); }
  try {
    const MatchFileWriter file(path_, {{"filter", "ratio"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("filter (learned, not ratio)"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(MatchFileTest, BadFilesAreRefused) {
  EXPECT_THROW(MatchFile{path_}, InputError);
  WriteFileAtomically(path_, "no HDF5");
  EXPECT_THROW(MatchFile{path_}, InputError);
  EXPECT_THROW(MatchFileWriter(path_, {}), InputError);
}

}  // namespace
}  // namespace tiepoint
