// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/index_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(IndexPage, ListsAndTables) {
  const std::string page = IndexPage(
      "<model>",
      {{.title = "Models",
        .about = "",
        .columns = {"folder", "points"},
        .entries = {{.address = "/model/0", .name = "a<b", .cells = {"7"}}}},
       {.title = "Nothing", .about = "", .columns = {}, .entries = {}},
       {.title = "Report",
        .about = "of it all",
        .columns = {},
        .entries = {{.address = "/report", .name = "report", .cells = {}}}}});
  EXPECT_THAT(page, HasSubstr("<h1>&lt;model&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("<a href=\"/model/0\">a&lt;b</a>"));
  EXPECT_THAT(page, HasSubstr("<td>7</td>"));
  EXPECT_THAT(page, HasSubstr("<li><a href=\"/report\">report</a></li>"));
  EXPECT_THAT(page, HasSubstr("<small>of it all</small>"));
  EXPECT_THAT(page, Not(HasSubstr("Nothing")));
}

TEST(IndexPage, AnErrorStandsInPlaceOfCells) {
  const IndexEntry entry{
      .address = "/x", .name = "a", .cells = {}, .error = "<gone>"};
  const std::string page = IndexPage(
      "m", {{.title = "Table",
             .about = "",
             .columns = {"name", "b", "c"},
             .entries = {entry}},
            {.title = "List", .about = "", .columns = {}, .entries = {entry}}});
  EXPECT_THAT(page, HasSubstr("a</th><td colspan=\"2\">&lt;gone&gt;</td>"));
  EXPECT_THAT(page, HasSubstr("<li>a: &lt;gone&gt;</li>"));
  EXPECT_THAT(page, Not(HasSubstr("/x")));
}

TEST(IndexPage, AMessageIsText) {
  EXPECT_THAT(MessagePage("No", "a.jpg: <gone>"),
              HasSubstr("<p>a.jpg: &lt;gone&gt;</p>"));
}

}  // namespace
}  // namespace tiepoint
