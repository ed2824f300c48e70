// SPDX-License-Identifier: Apache-2.0
// Makes a patch set (patch_set.h) from photographs and their sparse model, so
// that descriptors can be compared on any scene. As in Brown's sets, patches of
// one point are brought to one scale and one direction through the model, so
// that the descriptor alone is judged:
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
//   patch           square of half width 6 sigma, 64 x 64 pixels
// Points that lie on one another (structure from motion often makes one point
// twice) would be wrong negatives: of points whose observations come nearer
// than min_distance in any photograph only the one with most views is kept.
// Views whose patch leaves the photograph are left out, then points with fewer
// than two patches.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tiepoint/image/gray_image.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint {

struct SfmPatchOptions {
  double min_sigma = 1.6;  // pixels of the photographs
  double max_sigma = 8;
  double half_width = 6;    // of the patch, in sigma
  double min_distance = 2;  // between points, pixels of the photographs
  int max_pairs = 100000;   // of the match file
  uint64_t seed = 0;        // draws the pairs

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// Where a patch was cut: pixels of the photograph, angle as of keypoints.
struct PatchPlace {
  int64_t point3D_id = 0;
  int image_id = 0;
  double x = 0, y = 0;
  double sigma = 0;
  double angle = 0;
};

struct CutPatches {
  std::vector<PatchPlace> places;  // by point, then image
  std::vector<uint8_t> pixels;     // kPatchPixels a place
};

// `read` gives the photograph of an image of the model, called from one thread
// and at most twice for each. The same for every number of threads. Throws
// InputError when a photograph has not the size of its camera.
CutPatches CutPatchesFromModel(
    const ColmapModel& model,
    const std::function<GrayImage(const ColmapImage&)>& read,
    const SfmPatchOptions& options);

struct PatchSetSummary {
  int photographs = 0;
  int points = 0;
  int patches = 0;
  int pairs = 0;
};

// Reads COLMAP's model in `model_folder` and the photographs by their names
// below `image_folder`, and writes to `output_folder` a patch set and
// places.csv (a line a patch: point, COLMAP's point, photograph, x, y, sigma,
// angle). Throws InputError for files that are missing or do not fit, and when
// no point has two patches.
PatchSetSummary WritePatchSetFromModel(const std::string& model_folder,
                                       const std::string& image_folder,
                                       const std::string& output_folder,
                                       const SfmPatchOptions& options);

}  // namespace tiepoint
