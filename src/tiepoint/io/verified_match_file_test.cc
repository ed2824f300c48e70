// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/verified_match_file.h"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class VerifiedMatchFileTest : public ::testing::Test {
 protected:
  VerifiedMatchFileTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_verified_match_file_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~VerifiedMatchFileTest() override { fs::remove_all(folder_); }
  std::string Path() const { return (folder_ / "matches.h5").string(); }

  static VerifiedPair SomePair(int seed = 0) {
    return {.keypoints1 = 5 + seed,
            .matches = {{0, 7}, {2, 1 + seed}, {4, 0}},
            .weights = {0.5f, 1, 0.25f},
            .geometry = {.configuration = ColmapConfiguration::kCalibrated,
                         .inliers = {{0, 7}, {4, 0}},
                         .fundamental = {{0, 1, 2, 3, 4, 5, 6, 7, 8}},
                         .essential = {{9, 8, 7, 6, 5, 4, 3, 2, 1}},
                         .homography = {},
                         .pose = ColmapTwoView::Pose{}}};
  }

  fs::path folder_;
};

TEST_F(VerifiedMatchFileTest, ReadsWhatWasAdded) {
  {
    VerifiedMatchFile file(Path(), {{"tiepoint", "1"}});
    file.Add("a/b.jpg", "c.jpg", SomePair());
    file.Add("c.jpg", "d.jpg", {});
    EXPECT_TRUE(file.Has("a/b.jpg", "c.jpg"));
    EXPECT_FALSE(file.Has("c.jpg", "a/b.jpg"));
    EXPECT_THROW(file.Add("c.jpg", "d.jpg", {}), InputError);
    EXPECT_THROW(VerifiedMatchFile(Path(), {{"tiepoint", "1"}}), InputError);
  }
  VerifiedMatchFile file(Path(), {{"tiepoint", "1"}});
  EXPECT_EQ(file.Read("a/b.jpg", "c.jpg"), SomePair());
  EXPECT_EQ(file.Read("c.jpg", "d.jpg"), VerifiedPair{});
  file.Add("a", "b", SomePair(3));
  EXPECT_EQ(file.Read("a", "b"), SomePair(3));
  EXPECT_THROW(file.Read("a", "x"), InputError);
}

TEST_F(VerifiedMatchFileTest, TheLayoutOfHloc) {
  { VerifiedMatchFile(Path(), {}).Add("a/b.jpg", "c.jpg", SomePair()); }
  const hid_t file = H5Fopen(Path().c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = H5Dopen2(file, "a-b.jpg/c.jpg/matches0", H5P_DEFAULT);
  std::vector<int> partners(5);
  EXPECT_GE(H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                    partners.data()),
            0);
  EXPECT_EQ(partners, (std::vector<int>{7, -1, 1, -1, 0}));
  H5Dclose(data);
  H5Fclose(file);
}

TEST_F(VerifiedMatchFileTest, OtherSettingsAreRefused) {
  { const VerifiedMatchFile file(Path(), {{"filter", "learned"}}); }
  try {
    const VerifiedMatchFile file(Path(), {{"filter", "ratio"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("filter (learned, not ratio)"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(VerifiedMatchFileTest, WrongPairsAreRefused) {
  VerifiedMatchFile file(Path(), {});
  VerifiedPair pair = SomePair();
  pair.matches[0].first = 3;  // not in order
  EXPECT_THROW(file.Add("a", "b", pair), InputError);
  pair = SomePair();
  pair.keypoints1 = 4;
  EXPECT_THROW(file.Add("a", "b", pair), InputError);
  pair = SomePair();
  pair.geometry.inliers = {{0, 6}};
  EXPECT_THROW(file.Add("a", "b", pair), InputError);
  EXPECT_FALSE(file.Has("a", "b"));
}

// A program that is killed while it adds leaves whole pairs.
TEST_F(VerifiedMatchFileTest, KilledWhileAdding) {
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      VerifiedMatchFile file(Path(), {});
      for (int i = 0;; ++i) {
        const std::string name = std::to_string(i);
        if (!file.Has(name, "x")) file.Add(name, "x", SomePair(i % 7));
      }
    }
    usleep(20'000 + 7'000 * round);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const VerifiedMatchFile file(Path(), {});
    int count = 0;
    while (file.Has(std::to_string(count), "x")) {
      EXPECT_EQ(file.Read(std::to_string(count), "x"), SomePair(count % 7));
      ++count;
    }
    if (round == 4) {
      EXPECT_GT(count, 0);
    }
  }
}

}  // namespace
}  // namespace tiepoint
