// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/match_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::json;

Json Match() {
  return {{"image1",
           {{"path", "in/a</script>.jpg"},
            {"width", 40},
            {"height", 30},
            {"camera", {50, 60, 20, 15}}}},
          {"image2",
           {{"path", "b.png"},
            {"width", 50},
            {"height", 20},
            {"camera", {70, 80, 25, 10}}}},
          {"keypoints1", {{1.5, 2.5, 3, 0.1, 9}}},
          {"keypoints2", {{4, 5, 6, -0.2, 8}, {1, 1, 1, 0, 1}}},
          {"matches", {{0, 1, 0.75}}},
          {"weights", {0.5}},
          {"inliers", {0}},
          {"model", "essential"},
          {"confidence", 0.876},
          {"E", {0, 0, 0.1, 0, 0, -1, -0.1, 1, 0}},
          {"F", nullptr}};
}

MatchPageInput Input(const Json& json) {
  return {.json = json.dump(),
          .name = "m.json",
          .photographs = {"\xff\xd8 jpeg", "\x89PNG and more"}};
}

Json DataOf(const std::string& page) {
  const std::string begin = "type=\"application/json\">";
  const size_t from = page.find(begin) + begin.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(MatchPage, HoldsEverything) {
  const MatchPageInput input = Input(Match());
  EXPECT_EQ(PhotographsOf(input),
            (std::vector<std::string>{"in/a</script>.jpg", "b.png"}));
  const std::string page = MatchPage(input);
  for (const char* name : {"@TITLE@", "@STYLE@", "@DATA@", "@SCRIPT@"}) {
    EXPECT_EQ(page.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing is fetched";
  const Json data = DataOf(page);
  EXPECT_EQ(data["images"][0]["source"], "data:image/jpeg;base64,/9gganBlZw==");
  EXPECT_EQ(data["images"][1]["source"],
            "data:image/png;base64,iVBORyBhbmQgbW9yZQ==");
  EXPECT_EQ(data["images"][0]["name"], "script>.jpg");
  EXPECT_EQ(data["images"][1]["width"], 50);
  EXPECT_EQ(data["keypoints"][1][0], Json({4, 5, 6, -0.2, 8}));
  EXPECT_EQ(data["matches"], Json({{0, 1, 0.75}}));
  EXPECT_EQ(data["facts"],
            "1 and 2 keypoints, 1 matches, 1 inliers of the essential matrix, "
            "pose right within 5 degrees with 88 %");
}

TEST(MatchPage, LinesAreThoseOfTheEssentialMatrixInPixels) {
  const Json f = DataOf(MatchPage(Input(Match())))["fundamental"];
  // x2' E x1 of two points, by normalised coordinates and by pixels.
  const Json e = Match()["E"];
  const double x1[3] = {(7 - 20) / 50., (9 - 15) / 60., 1};
  const double x2[3] = {(30 - 25) / 70., (4 - 10) / 80., 1};
  const double p1[3] = {7, 9, 1}, p2[3] = {30, 4, 1};
  double normalised = 0, pixels = 0;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      normalised += x2[r] * e[3 * r + c].get<double>() * x1[c];
      pixels += p2[r] * f[3 * r + c].get<double>() * p1[c];
    }
  }
  EXPECT_NEAR(normalised, pixels, 1e-12);
  Json without = Match();
  without["image2"]["camera"] = nullptr;
  EXPECT_TRUE(DataOf(MatchPage(Input(without)))["fundamental"].is_null());
  without["F"] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(DataOf(MatchPage(Input(without)))["fundamental"], without["F"]);
}

TEST(MatchPage, RefusesOtherFiles) {
  MatchPageInput input = Input(Match());
  input.photographs[1] = "II* tiff";
  EXPECT_THROW(MatchPage(input), InputError);
  input.json = "{\"a\": 1}";
  EXPECT_THROW(PhotographsOf(input), InputError);
  input.json = "nothing";
  EXPECT_THROW(PhotographsOf(input), InputError);
}

// One value at a time is replaced.
TEST(MatchPage, NamesTheKeyThatIsWrong) {
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"/image1", "a.jpg"},
      {"/image1/path", 3},
      {"/image2/path", nullptr},
      {"/image1/width", "40"},
      {"/image2/height", -1},
      {"/image2/width", 1e300},
      {"/image1/camera", {50, 60, 20}},
      {"/image1/camera", {0, 60, 20, 15}},
      {"/image2/camera", "none"},
      {"/keypoints1", nullptr},
      {"/keypoints1", {{1, 2, 3, 4}}},
      {"/keypoints2", {{4, 5, 6, nullptr, 8}, {1, 1, 1, 0, 1}}},
      {"/matches", {{0, 2, 0.75}}},
      {"/matches", {{1, 1, 0.75}}},
      {"/matches", {{-1, 1, 0.75}}},
      {"/matches", {{0.5, 1, 0.75}}},
      {"/matches", {{0, 1, "0.75"}}},
      {"/matches", {{0, 1}}},
      {"/weights", Json::array()},
      {"/weights", {0.5, 0.5}},
      {"/weights", {"0.5"}},
      {"/inliers", {1}},
      {"/inliers", 0},
      {"/confidence", "high"},
      {"/confidence", 1e300},
      {"/E", {1, 2, 3}},
      {"/F", {1, 2, 3, 4, 5, 6, 7, 8, "9"}}};
  for (const auto& [place, value] : wrong) {
    Json json = Match();
    json[Json::json_pointer(place)] = value;
    const std::string key = place.substr(place.find_last_of('/') + 1);
    const auto message = AllOf(HasSubstr("m.json"), HasSubstr(key));
    const MatchPageInput input = Input(json);
    EXPECT_THAT([&] { PhotographsOf(input); },
                ThrowsMessage<InputError>(message))
        << place << " " << value;
    EXPECT_THAT([&] { MatchPage(input); }, ThrowsMessage<InputError>(message));
  }
  MatchPageInput infinite = Input(Match());
  infinite.json.replace(infinite.json.find("0.75"), 4, "1e999");
  EXPECT_THROW(MatchPage(infinite), InputError);
  for (const char* key : {"image1", "keypoints2", "matches", "weights"}) {
    Json json = Match();
    json.erase(key);
    EXPECT_THAT([&] { MatchPage(Input(json)); },
                ThrowsMessage<InputError>(HasSubstr(key)));
  }
}

}  // namespace
}  // namespace tiepoint
