// SPDX-License-Identifier: Apache-2.0
#include "view/model_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "view/photograph_path.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelViewTest : public ::testing::Test {
 protected:
  ModelViewTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_model_view_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "in");
    cv::imwrite(folder_ / "in/b.png",
                cv::Mat(300, 400, CV_8UC3, cv::Scalar(10, 200, 30)));
    model_.cameras[7] = {"PINHOLE", 400, 300, {500, 510, 199.5, 149.5}};
    model_.images[3] = {.camera_id = 7,
                        .name = "in/b.png",
                        .rotation = {0, 1, 0, -1, 0, 0, 0, 0, 1},
                        .translation = {1, 2, 3},
                        .observations = {{1, 1, -1}, {2, 2, 44}, {3, 3, 5}}};
    model_.images[5] = {
        .camera_id = 7, .name = "in/a.png", .observations = {{9, 9, 44}}};
    model_.points[5] = {{1, 2, 3}, 0.5, {{3, 2}}, {9, 8, 7}};
    model_.points[44] = {{4, 5, 6}, 0.25, {{3, 1}, {5, 0}}, {1, 1, 1}};
  }
  ~ModelViewTest() override { fs::remove_all(folder_); }

  fs::path folder_;
  ColmapModel model_;
};

TEST_F(ModelViewTest, CamerasAndPoints) {
  const ModelPageInput page =
      ViewOfModel(model_, "m", {{"in/a.png", {{"in/b.png", 12, "/x"}}}}, {});
  ASSERT_EQ(page.points.size(), 2u);
  EXPECT_THAT(page.points[1].position, ElementsAre(4, 5, 6));
  EXPECT_THAT(page.points[0].colour, ElementsAre(9, 8, 7));
  EXPECT_EQ(page.points[1].track_length, 2);
  ASSERT_EQ(page.cameras.size(), 2u);
  const PageCamera& first = page.cameras[0];
  EXPECT_EQ(first.name, "in/a.png") << "ordered by name";
  EXPECT_EQ(first.partners.at(0).inliers, 12);
  EXPECT_THAT(first.points, ElementsAre(1));
  const PageCamera& second = page.cameras[1];
  EXPECT_THAT(second.points, ElementsAre(1, 0));
  EXPECT_EQ(second.rotation, model_.images[3].rotation);
  EXPECT_THAT(second.translation, ElementsAre(1, 2, 3));
  EXPECT_EQ(second.fy, 510);
  EXPECT_EQ(second.cx, 199.5);
  EXPECT_THAT(page.notes, ElementsAre(HasSubstr("--images")));
}

TEST_F(ModelViewTest, SmallPictures) {
  const ModelPageInput page =
      ViewOfModel(model_, "m", {}, {.photographs = folder_});
  EXPECT_THAT(page.notes, ElementsAre(HasSubstr("1 of 2 photographs")));
  EXPECT_EQ(page.cameras[0].thumbnail, "");
  const std::string& jpeg = page.cameras[1].thumbnail;
  const cv::Mat picture =
      cv::imdecode(std::vector<char>(jpeg.begin(), jpeg.end()), 1);
  EXPECT_LE(picture.cols, 320);
  EXPECT_NEAR(picture.cols * 3, picture.rows * 4, 4);
  EXPECT_NEAR(picture.at<cv::Vec3b>(9, 9)[1], 200, 5);
  ModelViewOptions few{.photographs = folder_};
  few.max_thumbnails = 1;
  EXPECT_THAT(ViewOfModel(model_, "m", {}, few).notes,
              ElementsAre(HasSubstr("more than 1")));
}

TEST(PhotographPath, StaysBelowTheFolder) {
  EXPECT_EQ(PhotographPath("f", "a/b.jpg"), "f/a/b.jpg");
  EXPECT_EQ(PhotographPath("f", "..b.jpg"), "f/..b.jpg");
  for (const char* out : {"/etc/x.jpg", "../x.jpg", "a/../../x.jpg"}) {
    EXPECT_EQ(PhotographPath("f", out), "") << out;
  }
  EXPECT_EQ(PhotographPath("", "a.jpg"), "");
}

}  // namespace
}  // namespace tiepoint
