// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/assign_cameras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiepoint/base/error.h"
#include "tiepoint/pipeline/prior_camera.h"

namespace tiepoint {
namespace {

using ::testing::ElementsAre;

// Files that do not exist have no EXIF.
const std::vector<SizedPhotograph> kPhotographs = {
    {"/none", "a/1.jpg", 640, 480},
    {"/none", "a/2.jpg", 640, 480},
    {"/none", "b/3.jpg", 640, 480},
    {"/none", "b/4.jpg", 640, 480}};

TEST(AssignCameras, Modes) {
  const auto of = [](CameraMode mode, const std::string& params = "") {
    return AssignCameras(kPhotographs,
                         {.mode = mode, .model = "PINHOLE", .params = params})
        .of;
  };
  EXPECT_THAT(of(CameraMode::kAuto), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(of(CameraMode::kAuto, "500,510,320,240"),
              ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(of(CameraMode::kSingle), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(of(CameraMode::kPerFolder), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(of(CameraMode::kPerImage), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(ParseCameraMode("per-folder"), CameraMode::kPerFolder);
  EXPECT_THROW(ParseCameraMode("all"), InputError);
}

TEST(AssignCameras, WhatIsKnown) {
  const AssignedCameras guessed = AssignCameras(kPhotographs, {});
  EXPECT_FALSE(guessed.cameras[0].focal_known);
  EXPECT_EQ(guessed.cameras[0].camera.model, "SIMPLE_RADIAL");
  EXPECT_THAT(guessed.cameras[0].camera.params,
              ElementsAre(768, 319.5, 239.5, 0));
  const AssignedCameras given =
      AssignCameras(kPhotographs, {.mode = CameraMode::kSingle,
                                   .model = "OPENCV",
                                   .params = "500,510,320,240,0.1,0,0,0"});
  EXPECT_TRUE(given.cameras[0].focal_known);
  EXPECT_THAT(given.cameras[0].camera.params,
              ElementsAre(500, 510, 319.5, 239.5, 0.1, 0, 0, 0));
  EXPECT_EQ(PinholeOf(given.cameras[0].camera).fy, 510);
}

// Photographs that say different things are of different cameras.
TEST(AssignCameras, FoldersAndSizes) {
  auto photographs = kPhotographs;
  photographs[3].width = 320;
  EXPECT_THAT(AssignCameras(photographs, {}).of, ElementsAre(0, 0, 1, 2));
}

// Portrait and landscape.
TEST(AssignCameras, OneCameraHasOneSize) {
  auto photographs = kPhotographs;
  std::swap(photographs[1].width, photographs[1].height);
  EXPECT_EQ(AssignCameras(photographs, {.params = "9,320,240,0"}).of[1], 1);
  for (const CameraMode mode : {CameraMode::kSingle, CameraMode::kPerFolder}) {
    EXPECT_THROW(AssignCameras(photographs, {.mode = mode, .params = ""}),
                 InputError);
  }
}

TEST(ParseColmapCamera, WrongParameters) {
  EXPECT_THROW(ParseColmapCamera("FISHEYE", "1,2,3", 9, 9), InputError);
  for (const char* params : {"1,2,3", "1,2,3,x", "1 2,2,3,4", "0,2,3,4",
                             "1,2,3,4,5", "1,nan,3,4", ""}) {
    EXPECT_THROW(ParseColmapCamera("SIMPLE_RADIAL", params, 9, 9), InputError)
        << params;
  }
}

}  // namespace
}  // namespace tiepoint
