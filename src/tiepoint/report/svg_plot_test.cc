// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace tiepoint {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointwise;

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(EscapeHtml("<a b=\"c\">'&'"),
            "&lt;a b=&quot;c&quot;&gt;&#39;&amp;&#39;");
}

TEST(NiceTicks, AreRoundAndInside) {
  EXPECT_THAT(NiceTicks(0, 1, 5),
              Pointwise(DoubleEq(),
                        std::vector<double>{0, 0.2, 2 * 0.2, 3 * 0.2, 0.8, 1}));
  EXPECT_THAT(NiceTicks(-3, 12, 4), ElementsAre(0, 5, 10));
  EXPECT_THAT(NiceTicks(7, 7, 4), ElementsAre(7));
}

TEST(SvgPlot, HasOnePolylineACurve) {
  const Plot plot = {"t",
                     "x",
                     "y",
                     {{"first", {1, 2, 3}, {0.1, 0.5, 0.9}},
                      {"second", {1, 2, 3}, {0.2, 0.4, 0.6}}}};
  const std::string svg = SvgPlot(plot, {0, 1});
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_EQ(Count(svg, "class=\"hit\""), 6);
  EXPECT_THAT(svg, HasSubstr("<title>first: 2, 0.5</title>"));
}

TEST(SvgKey, IsOfEachStyleItsOwn) {
  std::set<std::string> keys;
  for (int style = 0; style < kSvgStyles; ++style) keys.insert(SvgKey(style));
  EXPECT_EQ(static_cast<int>(keys.size()), kSvgStyles);
}

TEST(SvgPlot, BreaksACurveWhereItIsNotDefined) {
  const Plot plot = {
      "t", "x", "y", {{"c", {1, 2, 3, 4, 5}, {1, 2, kUndefined, 4, 5}}}};
  const std::string svg = SvgPlot(plot, {0});
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_EQ(Count(svg, "class=\"hit\""), 4);
}

TEST(SvgPlot, SpacesFactorsEvenly) {
  const auto places = [](const std::vector<double>& x) {
    const Plot plot = {"t", "x", "y", {{"c", x, {0, 0, 0, 0, 0}}}};
    const std::string svg = SvgPlot(plot, {0});
    const std::string begin = "points=\"";
    const size_t at = svg.find(begin) + begin.size();
    std::vector<double> result;
    std::istringstream points(svg.substr(at, svg.find('"', at) - at));
    for (std::string point; points >> point;) {
      result.push_back(std::stod(point.substr(0, point.find(','))));
    }
    return result;
  };
  const std::vector<double> factors = places({0.25, 0.5, 1, 2, 4});
  EXPECT_EQ(factors, places({0, 1, 2, 3, 4}));
}

TEST(SvgPlot, DrawsNothingToSee) {
  EXPECT_THAT(SvgPlot({}, {}), HasSubstr("<svg"));
  const Plot plot = {
      "t", "x", "y", {{"c", {kUndefined, 1}, {1, kInfinity}}, {"d", {}, {}}}};
  const std::string svg = SvgPlot(plot, {0, 1});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_EQ(Count(svg, "<polyline"), 0);
}

TEST(SvgPlot, EscapesItsTexts) {
  const Plot plot = {"<t>", "<x>", "<y>", {{"<c>", {1, 2}, {1, 2}}}};
  const std::string svg = SvgPlot(plot, {0});
  for (const char* text : {"<t>", "<x>", "<y>", "<c>"}) {
    EXPECT_THAT(svg, Not(HasSubstr(text)));
  }
}

TEST(SvgForest, MarksEachRowByItsVerdict) {
  const std::string svg =
      SvgForest({{"a", 1, 0.5, 1.5, "+1", "better"},
                 {"b", -1, -kInfinity, -0.5, "-1", "worse"},
                 {"c", 0, -1, 1, "0", ""},
                 {"d", 1, kUndefined, kUndefined, "+1", ""},
                 {"e", kUndefined, kUndefined, kUndefined, "-", ""}},
                /*better_left=*/false);
  EXPECT_EQ(Count(svg, "<g class=\"better\">"), 1);
  EXPECT_EQ(Count(svg, "<g class=\"worse\">"), 1);
  EXPECT_EQ(Count(svg, "<g class=\"open\">"), 2);
  EXPECT_EQ(Count(svg, "class=\"dot\""), 4);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("\"inf")));
  EXPECT_THAT(svg, Not(HasSubstr("\"-inf")));
}

}  // namespace
}  // namespace tiepoint
