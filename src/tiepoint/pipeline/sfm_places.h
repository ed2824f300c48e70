// SPDX-License-Identifier: Apache-2.0
// Where the points of a sparse model are in its photographs, with a scale and a
// direction that belong together through the model:
//   reference view  of the views of a point, the one in which a unit of length
//                   has the median number of pixels (for one camera: the view
//                   with the median depth; of two in the middle, the smaller
//                   picture)
//   scale           COLMAP's models do not say how large a keypoint was. The
//                   radius of a point in the world is chosen in the reference
//                   view where the scale-normalised Laplacian is strongest, as
//                   a blob detector would, among those radii for which sigma
//                   stays between min_sigma and max_sigma in every view. Where
//                   depths differ too much for that, the geometric middle is
//                   taken and views beyond the bounds are left out
//   direction       of SIFT in the reference view; laid into the plane through
//                   the point that is parallel to the reference image, and
//                   projected into the other views (distortion included)
//   centre          the point's observation in each view
// Points that lie on one another (structure from motion often makes one point
// twice) would be wrong negatives: of points whose views come nearer than
// min_distance in any photograph only the one with most views is kept. Views
// whose square leaves the photograph are left out, then points with fewer than
// two.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "tiepoint/image/pyramid.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

struct SfmPlaceOptions {
  double min_sigma = 1.6;  // pixels of the photographs
  double max_sigma = 8;
  double half_width = 6;    // of the square around a point, in sigma
  bool any_turn = false;    // the square turned anyhow lies inside, not only
                            // turned by the point's angle
  double min_distance = 2;  // between points, pixels of the photographs

  // Also photographs that show a point without an observation of it, which are
  // harder than those that a detector and a matcher found: the point lies
  // before the camera and inside the picture, is seen less than max_view_angle
  // from each of its observations, and is at the depth that is seen there.
  bool project = false;
  double max_view_angle = 60;  // degrees
  // The depth that a photograph (id in the model) shows at a pixel, in the unit
  // of the model, or 0 where it is not known. A point may be 3 % off. Without
  // this function, the 6 nearest observations of other points within 1/20 of
  // the longer side must be at depths that agree within 10 %, and the point's
  // within 3 % of these.
  std::function<double(int image_id, double x, double y)> depth;
};

// Pixels of the photograph, angle as of keypoints.
struct SfmPlace {
  int64_t point3D_id = 0;
  int image_id = 0;
  double x = 0, y = 0;
  double sigma = 0;
  double angle = 0;
  bool observed = true;  // false: by projection
};

using ReadSfmPhotograph = std::function<GrayImage(const ColmapImage&)>;

// By point, then image. `read` gives the photograph of an image of the model;
// it is called from one thread and at most once for each. The same for every
// number of threads. Throws InputError when a photograph has not the size of
// its camera.
std::vector<SfmPlace> FindSfmPlaces(const ColmapModel& model,
                                    const ReadSfmPhotograph& read,
                                    const SfmPlaceOptions& options);

// Indices into `places` by image.
std::map<int, std::vector<int>> PlacesByImage(
    const std::vector<SfmPlace>& places);

// The photograph of an image of the model; throws InputError as above.
ImagePyramid ReadSfmPyramid(const ColmapModel& model, int image_id,
                            const ReadSfmPhotograph& read);

}  // namespace tiepoint
