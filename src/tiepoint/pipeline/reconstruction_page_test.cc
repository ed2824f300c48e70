// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/reconstruction_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tiepoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReconstructionPage, SaysWhatCameOut) {
  ReconstructionPage page;
  page.title = "Church <1>";
  page.version = "1.2";
  page.photographs = {{"a&b.jpg", 640, 480, 100, 1, true, 50, "SIMPLE_RADIAL"},
                      {"bad\xff.jpg", 640, 480, 0, 1, false, 0, "none"}};
  page.pairs = {{0, 1, 70, 0, ColmapConfiguration::kDegenerate},
                {1, 0, 81, 42, ColmapConfiguration::kPlanarOrPanoramic}};
  page.models = {{"sparse/0", {1, 123, 456, 3.71, 0.512, 0.6}}};
  page.settings = {{"preset", "default"}};
  page.notes = {"1 photograph could not be read."};
  const std::string html = ReconstructionHtml(page);
  EXPECT_THAT(
      html,
      AllOf(HasSubstr("Church &lt;1&gt;"), HasSubstr("1 of 2"),
            HasSubstr("a&amp;b.jpg"), HasSubstr("bad\xef\xbf\xbd.jpg"),
            HasSubstr("0.512"), HasSubstr("3.71"), HasSubstr("123"),
            HasSubstr("2 matched, 1 with a geometry"),
            HasSubstr("planar or panoramic"), HasSubstr("could not be read"),
            HasSubstr("prefers-color-scheme: dark")));
  // The best pair comes first, and nothing is fetched.
  EXPECT_LT(html.find(">42<"), html.find(">70<"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("src=")),
                          Not(HasSubstr("http"))));
}

TEST(ReconstructionPage, WithoutAModel) {
  ReconstructionPage page;
  page.title = "x";
  EXPECT_THAT(ReconstructionHtml(page), HasSubstr("no model was made"));
}

}  // namespace
}  // namespace tiepoint
