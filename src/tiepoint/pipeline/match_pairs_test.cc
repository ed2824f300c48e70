// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_pairs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tiepoint/pipeline/made_views.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class MatchPairsTest : public testing::Test {
 protected:
  MatchPairsTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_match_pairs_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    const Views views = Look({});
    {
      FeatureFileWriter writer(folder_ / "features.h5", {});
      writer.Add("a.jpg", views.first);
      writer.Add("b.jpg", views.second);
    }
    file_.emplace(folder_ / "features.h5");
  }
  ~MatchPairsTest() override { fs::remove_all(folder_); }

  MatchPairsTask Task(const PinholeCamera& camera, bool known) const {
    MatchPairsTask task;
    task.names = {"a.jpg", "b.jpg"};
    task.cameras = {camera, camera};
    task.focal_known = {known, known};
    task.pairs = {{0, 1}};
    task.verify = {.filter = MatchFilter::kNone, .max_error = 1};
    return task;
  }
  // Does what is missing; the number of pairs that were.
  size_t Match(const MatchPairsTask& task, MatchFileWriter& matches) const {
    const size_t missing = MissingPairs(task, matches).size();
    FeatureCache features(*file_, task.names);
    MatchPairs(task, features, matches);
    EXPECT_TRUE(MissingPairs(task, matches).empty());
    return missing;
  }

  fs::path folder_;
  std::optional<FeatureFile> file_;
};

TEST_F(MatchPairsTest, OtherCamerasAreAnotherGeometry) {
  MatchFileWriter matches(folder_ / "matches.h5", {});
  const auto configuration = [&] {
    return matches.Find("a.jpg", "b.jpg").value().geometry->configuration;
  };
  EXPECT_EQ(Match(Task(kCamera, false), matches), 1u);
  EXPECT_EQ(configuration(), ColmapConfiguration::kUncalibrated);
  // Guesses take no part.
  PinholeCamera other = kCamera;
  other.fx = 900;
  EXPECT_EQ(Match(Task(other, false), matches), 0u);
  EXPECT_EQ(Match(Task(kCamera, true), matches), 1u);
  EXPECT_EQ(configuration(), ColmapConfiguration::kCalibrated);
  EXPECT_EQ(Match(Task(kCamera, true), matches), 0u);
  EXPECT_EQ(Match(Task(other, true), matches), 1u);
  // As in a file that never held anything else.
  MatchFileWriter fresh(folder_ / "fresh.h5", {});
  EXPECT_EQ(Match(Task(other, true), fresh), 1u);
  EXPECT_EQ(matches.Find("a.jpg", "b.jpg"), fresh.Find("a.jpg", "b.jpg"));
}

}  // namespace
}  // namespace tiepoint
