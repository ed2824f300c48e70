// SPDX-License-Identifier: Apache-2.0
// What evaluation's patch sets need of places is tested there; here, projection
// into photographs without an observation.
#include "tiepoint/pipeline/sfm_places.h"

#include <gtest/gtest.h>

#include "tiepoint/pipeline/synthetic_plane.h"

namespace tiepoint {
namespace {

using namespace synthetic_plane;

// The observations of every third point in image 1 are forgotten.
ColmapModel ModelWithGaps() {
  ColmapModel model = MakeModel(
      {MakeImage("one.png", 0, 0, 4, 0, 0),
       MakeImage("two.png", 0.2, 0.1, 3, 90 * kDegree, 0),
       MakeImage("three.png", -0.1, 0.9, 4, -30 * kDegree, 14 * kDegree),
       MakeImage("four.png", 0.1, -0.2, 3.5, 10 * kDegree, 0)});
  for (auto& [id, point] : model.points) {
    if (id % 3 != 0) continue;
    std::erase_if(point.track, [&](const std::pair<int, int>& element) {
      if (element.first != 1) return false;
      model.images.at(1).observations[element.second].point3D_id = -1;
      return true;
    });
  }
  return model;
}

SfmPlaceOptions Projecting() {
  SfmPlaceOptions options;
  options.project = true;
  return options;
}

TEST(SfmPlacesTest, ProjectionFindsTheViewsWithoutObservation) {
  const ColmapModel model = ModelWithGaps();
  // The grid is wider than the radius in which neighbours are looked for.
  SfmPlaceOptions options = Projecting();
  options.depth = [&](int image_id, double, double) {
    return image_id == 1 ? 4.0 : 0.0;  // looks straight down
  };
  int projected = 0;
  for (const SfmPlace& place : FindSfmPlaces(model, Render, options)) {
    const ColmapPoint& point = model.points.at(place.point3D_id);
    if (place.observed) continue;
    EXPECT_EQ(place.image_id, 1);
    EXPECT_EQ(place.point3D_id % 3, 0);
    const auto truth = Pixel(
        ToCamera(model.images.at(1), point.position[0], point.position[1]));
    EXPECT_NEAR(place.x, truth[0], 1e-9);
    EXPECT_NEAR(place.y, truth[1], 1e-9);
    ++projected;
  }
  EXPECT_GT(projected, 8);
  for (const SfmPlace& place : FindSfmPlaces(model, Render, {})) {
    EXPECT_TRUE(place.observed);
  }
}

TEST(SfmPlacesTest, WhatLiesInFrontHidesAPoint) {
  const ColmapModel model = ModelWithGaps();
  SfmPlaceOptions options = Projecting();
  for (const double depth : {0.0, 3.8, 4.2}) {
    options.depth = [&](int, double, double) { return depth; };
    for (const SfmPlace& place : FindSfmPlaces(model, Render, options)) {
      EXPECT_TRUE(place.observed || place.image_id != 1) << depth;
    }
  }
}

int ProjectedIntoFirst(const ColmapModel& model) {
  SfmPlaceOptions options = Projecting();
  options.min_distance = 0;
  int count = 0;
  for (const SfmPlace& p : FindSfmPlaces(model, Render, options)) {
    if (!p.observed && p.image_id == 1 && p.point3D_id < 1000) ++count;
  }
  return count;
}

// The model with a denser grid, at another height than the photographs show.
ColmapModel WithNeighbours(double height) {
  ColmapModel model = ModelWithGaps();
  int64_t id = 1000;
  for (int y = -12; y <= 12; ++y) {
    for (int x = -16; x <= 16; ++x) {
      AddPoint(model, id, 0.06 * x + 0.03, 0.06 * y + 0.03);
      model.points.at(id++).position[2] = height;
    }
  }
  return model;
}

TEST(SfmPlacesTest, NeighboursTellTheDepthWhereThereIsNoMap) {
  EXPECT_EQ(ProjectedIntoFirst(ModelWithGaps()), 0);  // too few are near
  EXPECT_GT(ProjectedIntoFirst(WithNeighbours(0)), 5);
  EXPECT_EQ(ProjectedIntoFirst(WithNeighbours(-0.5)), 0);  // behind the plane
  EXPECT_EQ(ProjectedIntoFirst(WithNeighbours(0.5)), 0);   // before it
}

TEST(SfmPlacesTest, ViewsFromFarAsideAreNotTaken) {
  const ColmapModel model = ModelWithGaps();
  SfmPlaceOptions options = Projecting();
  options.depth = [](int, double, double) { return 4.0; };
  options.max_view_angle = 0.1;
  for (const SfmPlace& place : FindSfmPlaces(model, Render, options)) {
    EXPECT_TRUE(place.observed);
  }
}

}  // namespace
}  // namespace tiepoint
