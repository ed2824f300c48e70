// SPDX-License-Identifier: Apache-2.0
#include "view/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;
using ::testing::ThrowsMessage;

class SiteTest : public ::testing::Test {
 protected:
  SiteTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_site_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~SiteTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << content;
  }
  void WriteModel(const std::string& name,
                  const std::string& photograph) const {
    Write(name + "/cameras.txt", "1 PINHOLE 9 9 9 9 4 4\n");
    Write(name + "/images.txt", "1 1 0 0 0 0 0 0 1 " + photograph + "\n\n");
    Write(name + "/points3D.txt", "1 0 0 1 5 6 7 0.25\n");
  }
  void WriteMatch() const {
    Write("matches.json",
          R"({"image1": {"path": "/gone/a.png"}, "image2": {"path": "a.png"},
             "keypoints1": [], "keypoints2": [], "matches": [], "weights": [],
             "inliers": []})");
    Write("a.png", "\x89PNG");
  }

  fs::path folder_;
};

TEST_F(SiteTest, AMatchAloneIsTheFirstPage) {
  WriteMatch();
  Site site(folder_, "");
  EXPECT_THAT(site.Page("/"), Optional(HasSubstr("<title>a.png - a.png")));
  EXPECT_EQ(site.Page("/"), site.Page("/matches"));
  EXPECT_EQ(site.MainPage(), site.Page("/"));
  EXPECT_EQ(Site(folder_ / "matches.json", "").Page("/"), site.Page("/"));
  EXPECT_FALSE(site.Page("/report"));
  EXPECT_FALSE(site.Page("/model/0"));
  EXPECT_FALSE(site.Page("/a.png"));
}

TEST_F(SiteTest, AModelAlone) {
  WriteModel(".", "one.jpg");
  Site site(folder_, "");
  EXPECT_THAT(site.Page("/"), Optional(HasSubstr("one.jpg")));
  EXPECT_EQ(site.MainPage(), site.Page("/"));
}

TEST_F(SiteTest, ThePagesOfAReconstruction) {
  WriteModel("sparse/0", "one.jpg");
  WriteModel("sparse/1", "two.jpg");
  Write("report.html", "<p>the report");
  Site site(folder_, "");
  EXPECT_THAT(
      site.Page("/"),
      Optional(AllOf(HasSubstr("\"/model/0\""), HasSubstr("\"/model/1\""),
                     HasSubstr("\"/report\""), Not(HasSubstr("/pair/")))));
  EXPECT_THAT(site.Page("/model/1"), Optional(HasSubstr("two.jpg")));
  EXPECT_THAT(site.Page("/report"), Optional(HasSubstr("<p>the report")));
  EXPECT_THAT(site.MainPage(), HasSubstr("one.jpg"));
}

TEST_F(SiteTest, NothingElseIsServed) {
  WriteModel("sparse/0", "one.jpg");
  Write("secret.txt", "secret");
  Site site(folder_, "");
  for (const char* path :
       {"", "/secret.txt", "/../secret.txt", "/model/", "/model/1", "/model/-1",
        "/model/0/", "/model/0x", "/model/99999999999999999999", "/report",
        "/pair/0/1", "/matches", "/sparse/0/cameras.txt"}) {
    EXPECT_FALSE(site.Page(path)) << path;
  }
}

TEST_F(SiteTest, ThePhotographsThatAReconstructionRead) {
  WriteModel("sparse/0", "one.jpg");
  EXPECT_THAT(Site(folder_, "").MainPage(), HasSubstr("--images"));
  Write("photos/x.txt", "");
  Write("stages.json",
        R"({"photographs": ")" + (folder_ / "photos").string() + R"("})");
  EXPECT_THAT(Site(folder_, "").MainPage(),
              AllOf(Not(HasSubstr("--images")),
                    HasSubstr("not in the folder of photographs")));
  EXPECT_THAT([&] { Site(folder_, folder_ / "none"); },
              ThrowsMessage<InputError>(HasSubstr("is not a folder")));
}

TEST_F(SiteTest, WhatCannotBeShown) {
  EXPECT_THAT([&] { Site(folder_, ""); },
              ThrowsMessage<InputError>(HasSubstr("nothing to show")));
  EXPECT_THAT([&] { Site(folder_ / "none", ""); },
              ThrowsMessage<InputError>(HasSubstr("no such file or folder")));
  Write("report.html", "<p>");
  EXPECT_THAT([&] { Site(folder_, "").MainPage(); },
              ThrowsMessage<InputError>(HasSubstr("neither")));
  Write("matches.json", "no JSON");
  EXPECT_THAT([&] { Site(folder_, "").MainPage(); },
              ThrowsMessage<InputError>(HasSubstr("matches.json")));
}

TEST_F(SiteTest, AMatchAloneIsLookedAtAtOnce) {
  WriteMatch();
  Write("empty", "");
  for (const char* other : {"a.png", "empty"}) {
    EXPECT_THAT([&] { Site(folder_ / other, ""); },
                ThrowsMessage<InputError>(HasSubstr(other)));
  }
  fs::remove(folder_ / "a.png");
  EXPECT_THAT([&] { Site(folder_, ""); },
              ThrowsMessage<InputError>(HasSubstr("a.png")));
  Write("matches.json", "no JSON");
  EXPECT_THAT([&] { Site(folder_, ""); },
              ThrowsMessage<InputError>(HasSubstr("matches.json")));
}

TEST_F(SiteTest, PathsThatCannotBeAskedFor) {
  const std::string is_long(300, 'a');
  EXPECT_THAT([&] { Site(folder_ / is_long, ""); },
              ThrowsMessage<InputError>(HasSubstr(is_long)));
  EXPECT_THAT([&] { Site("/dev/null", ""); },
              ThrowsMessage<InputError>(HasSubstr("neither")));
  WriteModel(".", "one.jpg");
  EXPECT_THAT([&] { Site(folder_, is_long); },
              ThrowsMessage<InputError>(HasSubstr("is not a folder")));
  Write("stages.json", R"({"photographs": "/)" + is_long + R"("})");
  EXPECT_THAT(Site(folder_, "").MainPage(), HasSubstr("--images"));
}

TEST_F(SiteTest, OneDamagedFileIsListedWithItsError) {
  WriteModel("sparse/0", "one.jpg");
  Write("sparse/1/cameras.bin", "");
  for (const char* name : {"database.db", "matches.h5", "features.h5"}) {
    Write(name, "<damaged>");
  }
  Site site(folder_, "");
  EXPECT_THAT(site.Page("/"), Optional(AllOf(HasSubstr("\"/model/0\""),
                                             Not(HasSubstr("\"/model/1\"")),
                                             HasSubstr("sparse/1/cameras.bin"),
                                             HasSubstr("database.db: "))));
  EXPECT_THAT(site.Page("/model/0"),
              Optional(AllOf(HasSubstr("one.jpg"),
                             HasSubstr("The pairs are not shown"))));
  EXPECT_THROW(site.Page("/model/1"), InputError);
  EXPECT_THROW(site.Page("/pair/0/1"), InputError);
}

TEST_F(SiteTest, FilesThatChangeAreReadAgain) {
  WriteModel("sparse/0", "one.jpg");
  Site site(folder_, "");
  EXPECT_THAT(site.Page("/model/0"), Optional(HasSubstr("one.jpg")));
  WriteModel("sparse/0", "another.jpg");
  EXPECT_THAT(site.Page("/model/0"), Optional(HasSubstr("another.jpg")));
  WriteModel("sparse/1", "more.jpg");
  EXPECT_THAT(site.Page("/"), Optional(HasSubstr("\"/model/1\"")));
  fs::remove_all(folder_ / "sparse");
  EXPECT_THROW(site.Page("/"), InputError);
}

TEST_F(SiteTest, TheReportIsForeign) {
  Write("report.html", "<p>");
  Site site(folder_, "");
  EXPECT_TRUE(site.IsForeign("/report"));
  EXPECT_TRUE(site.IsForeign("/")) << "the only page";
  WriteModel(".", "one.jpg");
  EXPECT_THAT(site.Page("/"), Optional(HasSubstr("\"/report\"")));
  EXPECT_TRUE(site.IsForeign("/report"));
  EXPECT_FALSE(site.IsForeign("/"));
  EXPECT_FALSE(site.IsForeign("/model/0"));
}

}  // namespace
}  // namespace tiepoint
