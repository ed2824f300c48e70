// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/match_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

  std::string path_;
};

TEST_F(MatchFileTest, PairsComeBackEitherWayRound) {
  {
    MatchFileWriter writer(path_, {{"a", "b"}});
    writer.Add("x/1.jpg", "y/2.jpg", 5, {{1, 4, 0.5f}, {3, 0, 1}});
    writer.Add("x/1.jpg", "3.jpg", 5, {});
    EXPECT_TRUE(writer.Has("y/2.jpg", "x/1.jpg"));
    EXPECT_FALSE(writer.Has("y/2.jpg", "3.jpg"));
    EXPECT_THROW(writer.Add("y/2.jpg", "x/1.jpg", 5, {}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{5, 0, 1}}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{0, -1, 1}}), InputError);
    EXPECT_THROW(writer.Add("a", "b", 5, {{0, 1, 1}, {0, 2, 1}}), InputError);
  }
  {
    const MatchFile file(path_);
    EXPECT_EQ(file.Pairs().size(), 2u);
    EXPECT_THAT(file.Find("x/1.jpg", "y/2.jpg").value(),
                ElementsAre(PairMatch{1, 4, 0.5f}, PairMatch{3, 0, 1}));
    EXPECT_THAT(file.Find("y/2.jpg", "x/1.jpg").value(),
                ElementsAre(PairMatch{0, 3, 1}, PairMatch{4, 1, 0.5f}));
    EXPECT_TRUE(file.Find("x/1.jpg", "3.jpg").value().empty());
    EXPECT_FALSE(file.Find("3.jpg", "y/2.jpg").has_value());
  }
  // Added to by the same, not by others.
  EXPECT_TRUE(MatchFileWriter(path_, {{"a", "b"}}).Has("x/1.jpg", "3.jpg"));
  EXPECT_THROW(MatchFileWriter(path_, {{"a", "c"}}), InputError);
}

TEST_F(MatchFileTest, BadFilesAreRefused) {
  EXPECT_THROW(MatchFile{path_}, InputError);
  WriteFileAtomically(path_, "no HDF5");
  EXPECT_THROW(MatchFile{path_}, InputError);
  EXPECT_THROW(MatchFileWriter(path_, {}), InputError);
}

}  // namespace
}  // namespace tiepoint
