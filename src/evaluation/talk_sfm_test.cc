// SPDX-License-Identifier: Apache-2.0
#include "evaluation/talk_sfm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Item SceneItem(const std::string& scene) {
  return {"strecha", scene, "all", "", "", std::nullopt};
}

// An error of reading shows itself here.
TEST(TalkSfmTest, ObservationsArePointsTimesTrackLength) {
  EXPECT_THAT(TalkTable(), SizeIs(63));  // nine sets, seven methods
  for (const TalkRow& row : TalkTable()) {
    if (std::isnan(row.points)) continue;
    const double observations = row.points * row.track_length;
    EXPECT_NEAR(1000 * row.observations_k, observations,
                1000 + 0.003 * observations)
        << row.set << " " << row.method;
    EXPECT_LE(row.registered, row.images);
  }
}

TEST(TalkSfmTest, ScenesAreFoundByTheirNames) {
  EXPECT_THAT(TalkRows("fountain-P11"), SizeIs(7));
  EXPECT_THAT(TalkRows("South_Building"), SizeIs(7));
  EXPECT_THAT(TalkRows("herzjesu"), SizeIs(7));
  EXPECT_THAT(TalkRows("entry-P10"), IsEmpty());
  EXPECT_THAT(TalkRows(""), IsEmpty());
}

TEST(TalkSfmTest, MethodsStandBesideOurs) {
  const auto methods =
      TalkMethods({SceneItem("entry-P10"), SceneItem("fountain-P11")});
  ASSERT_THAT(methods, SizeIs(7));
  EXPECT_EQ(methods[0].label, "paper: SIFT");
  ASSERT_THAT(methods[0].measurements, SizeIs(2));
  EXPECT_THAT(methods[0].measurements[0], IsEmpty());
  EXPECT_EQ(methods[0].measurements[1].at("points")[0], 10004);
  EXPECT_EQ(methods[0].measurements[1].at("inlier_matches")[0], 76000);
  EXPECT_THAT(TalkMethods({SceneItem("entry-P10")}), IsEmpty());
}

TEST(TalkSfmTest, TheTextNamesWhatMayBeCompared) {
  const std::string text = TalkText("Herzjesu-P8");
  EXPECT_THAT(text, HasSubstr("LIFT"));
  EXPECT_THAT(text, HasSubstr("SIFT ? "));  // read with doubt
  EXPECT_THAT(TalkNote(), HasSubstr("full size"));
  EXPECT_THAT(TalkText("roman forum"), HasSubstr("-"));  // one row is lost
  EXPECT_THAT(TalkText("entry-P10"), IsEmpty());
}

}  // namespace
}  // namespace tiepoint
