// SPDX-License-Identifier: Apache-2.0
#include "training/curve_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TrainingProgress Example() {
  TrainingProgress p;
  p.config = {{"kind", "descriptor"},
              {"iterations", 700},
              {"seed", 18446744073709551615u},
              {"data", {"<photos>"}}};
  p.iteration = 60;
  p.device = "cpu";
  p.seconds_a_step = 7.5;
  p.deciding = "accuracy";
  p.best_iteration = 40;
  p.best_value = 0.9125;
  p.history = {{20, {{"loss", 0.9}}},
               {40, {{"loss", 0.7}, {"accuracy", 0.9125}, {"zeta", 3}}},
               {60, {{"loss", NAN}, {"accuracy", 0.75}, {"zeta", 5}}}};
  return p;
}

size_t Count(const std::string& text, const std::string& form) {
  const std::regex regex(form);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex),
                       {});
}

TEST(CurvePage, HasACurveForEachValueAndAllThatIsKnown) {
  const std::string page = CurvePage(Example());
  EXPECT_EQ(Count(page, "<figure>"), 3u);
  EXPECT_EQ(Count(page, "<svg "), 3u);
  EXPECT_LT(page.find("<figcaption>loss"), page.find("<figcaption>accuracy"));
  for (const char* text :
       {"<title>loss: 40, 0.7</title>", "<title>accuracy: 60, 0.75</title>",
        "accuracy 0.9125 at step 40", "18446744073709551615", "cpu", "7.5 s",
        "60 of 700", "1 h 20 min left", "&lt;photos&gt;", "viewport",
        "prefers-color-scheme: dark"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(page, Not(HasSubstr("<photos>")));
  EXPECT_EQ(Count(page, "nan|inf\\b"), 0u);
}

TEST(CurvePage, NeedsNothingFromOutside) {
  const std::string page = CurvePage(Example());
  EXPECT_EQ(Count(page, "https?:|\\bsrc=|<link|<script|@import|url\\("), 0u);
}

TEST(CurvePage, LoadsItselfAgainOnlyWhileTrainingRuns) {
  TrainingProgress p = Example();
  EXPECT_THAT(CurvePage(p), HasSubstr("http-equiv=\"refresh\""));
  p.state = TrainingProgress::kFinished;
  EXPECT_THAT(CurvePage(p), Not(HasSubstr("refresh")));
  EXPECT_THAT(CurvePage(p), HasSubstr("finished"));
  p.state = TrainingProgress::kStopped;
  EXPECT_THAT(CurvePage(p), HasSubstr("goes on"));
}

TEST(CurvePage, BeforeTheFirstReportThereIsAPageToo) {
  TrainingProgress p = Example();
  p.iteration = p.best_iteration = 0;
  p.seconds_a_step = 0;
  p.history.clear();
  const std::string page = CurvePage(p);
  EXPECT_THAT(page, HasSubstr("No report yet"));
  EXPECT_THAT(page, HasSubstr("not validated yet"));
  EXPECT_EQ(Count(page, "<svg "), 0u);
}

TEST(CurvePage, LongTrainingsAreAveraged) {
  TrainingProgress p = Example();
  p.history.clear();
  for (int i = 1; i <= 20000; ++i) p.history.push_back({i, {{"loss", i % 2}}});
  const std::string page = CurvePage(p);
  EXPECT_LT(page.size(), 100'000u);
  EXPECT_EQ(Count(page, "<polyline"), 1u);
  EXPECT_THAT(page, HasSubstr(", 0.5"));
}

TEST(CurvePage, NamesOfFilesNeedNotBeUtf8) {
  TrainingProgress p = Example();
  p.config["data"] = {"caf\xe9"};
  EXPECT_THAT(CurvePage(p), HasSubstr("caf\xef\xbf\xbd"));
}

}  // namespace
}  // namespace tiepoint
