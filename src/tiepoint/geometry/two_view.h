// SPDX-License-Identifier: Apache-2.0
// Robust two-view geometry from matches.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tiepoint {

// x_pixel = fx X / Z + cx, y_pixel = fy Y / Z + cy; centre of the first pixel
// is (0, 0); no distortion.
struct PinholeCamera {
  double fx = 1, fy = 1, cx = 0, cy = 0;
};

struct PointPair {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;  // pixels of the stored files
};

using Matrix3 = std::array<double, 9>;  // row-major

// X2 = R X1 + t; t has unit length (its true length cannot be known).
struct RelativePose {
  Matrix3 rotation;                   // cam2_from_cam1
  std::array<double, 3> translation;  // cam2_from_cam1
  double RotationAngle() const;       // radians, [0, pi]
};

// What a classifier makes of the other pairs when those at `explained`
// (indices, increasing) are taken out: a weight for each pair, 0 for those.
using SecondLook =
    std::function<std::vector<double>(std::span<const int> explained)>;

enum class TwoViewModel { kEssential, kFundamental, kHomography };
const char* Name(TwoViewModel model);  // "essential", ...

struct TwoViewOptions {
  TwoViewModel model = TwoViewModel::kFundamental;
  // Largest distance of an inlier: epipolar (Sampson) for essential and
  // fundamental matrices, transfer for homographies; pixels of the stored file.
  double max_error = 1.5;
  double confidence = 0.9999;
  int max_iterations = 10000;
  // Decides the order in which matches are drawn.
  uint64_t seed = 0;
  // Fewer inliers than this are no answer.
  int min_inliers = 8;
  // With weights and the essential model: see GuidedOptions; may be empty.
  SecondLook second_look = nullptr;

  std::string Validate() const;
};

// What the inliers show.
enum class TwoViewScene {
  kUnknown,   // no model, or it was not looked at (homographies)
  kDepth,     // points at several depths: only an epipolar geometry explains it
  kPlane,     // a homography explains all
  kRotation,  // essential model: a turn of the camera explains all
};
const char* Name(TwoViewScene scene);  // "unknown", "depth", ...

struct TwoViewGeometry {
  TwoViewModel model = TwoViewModel::kFundamental;
  bool success = false;
  // Why there is no answer, or (with success) what the matches leave open: the
  // direction of motion, which fundamental matrix when they lie on a plane, or
  // that a second pose may fit a plane as well.
  std::string reason;
  Matrix3 matrix{};          // E = [t]x R (unit norm, normalised coordinates:
                             // x2' E x1 = 0), F (pixels) or H (x2 ~ H x1)
  std::vector<int> inliers;  // indices into the pairs, increasing
  // Those of the second look where it found the answer, one a pair; else empty.
  std::vector<double> weights;
  // With the essential model. Empty when points do not tell the direction of
  // motion (pure rotation: see `reason`).
  std::optional<RelativePose> pose;
  TwoViewScene scene = TwoViewScene::kUnknown;
  // With a pose: the probability that it is right within five degrees
  // (pose_confidence.h); else 0.
  double confidence = 0;
};

// OpenCV USAC_MAGSAC; for kEssential then least squares of the Sampson errors
// over rotation and translation. Cameras are needed for kEssential only. Pairs
// with coordinates that are not finite (or above 1e7) are never inliers.
// Degenerate input (too few matches, all on a line, no model, inliers that
// wrong matches alone would have too) is an answer with a `reason`, never an
// exception; unusable options or cameras throw InputError. The same seed gives
// the same answer, whatever the number of threads.
//
// With `weights` (a classifier's, one a pair, in [0, 1]; 0: certainly wrong),
// essential matrices are sought by EstimateEssential; for the other models
// pairs of weight 0 are left out of the search and the rest count alike.
// Inliers are sought among all pairs. Weights that are negative, not finite or
// not as many as pairs throw InputError.
TwoViewGeometry EstimateTwoViewGeometry(const std::vector<PointPair>& pairs,
                                        const PinholeCamera& camera1,
                                        const PinholeCamera& camera2,
                                        const TwoViewOptions& options,
                                        std::span<const double> weights = {});

// Squared Sampson error of a pair for x2' M x1 = 0, in the units of the
// coordinates: (x2' M x1)^2 / (|M x1|_xy^2 + |M' x2|_xy^2).
double SquaredSampsonError(const Matrix3& matrix, const PointPair& pair);

// Squared symmetric epipolar distance: the squared distances of the two points
// to the epipolar lines of the other one, added; units as above. Infinite or
// not a number where a point is an epipole.
double SquaredEpipolarError(const Matrix3& matrix, const PointPair& pair);

// Distance in the second image between H x1 and x2 (infinite at the horizon).
double TransferError(const Matrix3& homography, const PointPair& pair);

}  // namespace tiepoint
