// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/model_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace tiepoint {
namespace {

using Json = nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Far from the origin, as the coordinates of maps are.
constexpr double kFar = 4e6;

PagePoint Point(double x, int tracks, double error) {
  return {.position = {kFar + x, 2 * x, 0},
          .colour = {static_cast<uint8_t>(x), 2, 3},
          .track_length = tracks,
          .error = error};
}

ModelPageInput Model() {
  ModelPageInput input;
  input.title = "a & <b>";
  input.points = {Point(1, 2, 0.25), Point(2, 3, 0.5), Point(30, 70'000, 0.75)};
  // Turned by 90 degrees about z: the camera's x is the world's y.
  PageCamera camera{.name = "in/</script>.jpg",
                    .rotation = {0, 1, 0, -1, 0, 0, 0, 0, 1},
                    .translation = {-7, kFar + 5, -9},
                    .width = 40,
                    .height = 30,
                    .fx = 50,
                    .fy = 51,
                    .cx = 20,
                    .cy = 15};
  camera.points = {0, 2};
  camera.thumbnail = "\xff\xd8 jpeg";
  camera.partners = {{"c.jpg", 12, "/pair/0/1"}};
  input.cameras = {camera, {.name = "bytes \xff.jpg"}};
  input.cameras[1].points = {1};
  return input;
}

Json DataOf(const std::string& page) {
  const std::string begin = "type=\"application/json\">";
  const size_t from = page.find(begin) + begin.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

// What the page's script makes of base64, by hand.
template <typename T>
std::vector<T> Numbers(const std::string& base64) {
  const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : base64) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(digits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  std::vector<T> numbers(bytes.size() / sizeof(T));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(T));
  return numbers;
}

TEST(ModelPage, HoldsEverything) {
  const std::string page = ModelPage(Model());
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing is fetched";
  for (const char* name : {"@TITLE@", "@STYLE@", "@DATA@", "@SCRIPT@"}) {
    EXPECT_EQ(page.find(name), std::string::npos) << name;
  }
  EXPECT_THAT(page, HasSubstr("<title>a &amp; &lt;b&gt;</title>"));
  const Json data = DataOf(page);
  EXPECT_EQ(data["title"], "a & <b>");
  EXPECT_THAT(data["facts"].get<std::string>(),
              HasSubstr("2 cameras, 3 points, each seen in"));
  EXPECT_EQ(data["notes"].size(), 0u);
  const Json& camera = data["cameras"][0];
  EXPECT_EQ(camera["name"], "in/</script>.jpg");
  EXPECT_EQ(camera["size"], Json({40, 30}));
  EXPECT_EQ(camera["points"], 2);
  EXPECT_EQ(camera["thumbnail"], "data:image/jpeg;base64,/9gganBlZw==");
  EXPECT_EQ(camera["partners"][0]["address"], "/pair/0/1");
}

TEST(ModelPage, PointsAreExactThoughFarAway) {
  const Json points = DataOf(ModelPage(Model()))["points"];
  // The middle is the point in the middle.
  EXPECT_THAT(Numbers<float>(points["positions"]),
              ElementsAre(-1, -2, 0, 0, 0, 0, 28, 56, 0));
  EXPECT_THAT(Numbers<uint8_t>(points["colours"]),
              ElementsAre(1, 2, 3, 2, 2, 3, 30, 2, 3));
  EXPECT_THAT(Numbers<uint16_t>(points["tracks"]), ElementsAre(2, 3, 65535));
  EXPECT_THAT(Numbers<float>(points["errors"]), ElementsAre(0.25, 0.5, 0.75));
}

// R C + t = 0.
TEST(ModelPage, CentresOfCameras) {
  const Json centre = DataOf(ModelPage(Model()))["cameras"][0]["centre"];
  // C = (kFar + 5, 7, 9); the middle is (kFar + 2, 4, 0).
  EXPECT_EQ(centre, Json({3.0, 3.0, 9.0}));
}

TEST(ModelPage, OfManyPointsSomeAreShown) {
  ModelPageInput input = Model();
  input.points.clear();
  for (int i = 0; i < 1000; ++i) input.points.push_back(Point(i % 200, 2, 1));
  input.cameras[0].points = {0, 1, 2, 499, 500, 999};
  input.cameras[1].points = {250, 251};
  input.max_points = 100;
  const Json data = DataOf(ModelPage(input));
  EXPECT_THAT(data["notes"].get<std::vector<std::string>>(),
              Contains(HasSubstr("points 100 are in this page")));
  EXPECT_EQ(Numbers<uint16_t>(data["points"]["tracks"]).size(), 100u);
  // Every tenth: 0, 10, ...
  EXPECT_EQ(data["seen"]["starts"], Json({0, 2, 3}));
  EXPECT_THAT(Numbers<uint32_t>(data["seen"]["points"]),
              ElementsAre(0, 50, 25));
  EXPECT_EQ(data["cameras"][0]["points"], 6) << "of all";
}

TEST(ModelPage, WithoutPoints) {
  const Json data = DataOf(ModelPage({.title = "empty"}));
  EXPECT_EQ(data["facts"], "0 cameras, 0 points");
  EXPECT_EQ(data["points"]["positions"], "");
  EXPECT_EQ(data["cameras"], Json::array());
}

}  // namespace
}  // namespace tiepoint
