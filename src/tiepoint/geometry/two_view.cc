// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/geometry/two_view.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/best_rotation.h"
#include "tiepoint/geometry/distinct_pairs.h"
#include "tiepoint/geometry/eigen_arrays.h"
#include "tiepoint/geometry/essential.h"
#include "tiepoint/geometry/guided_essential.h"
#include "tiepoint/geometry/pose_confidence.h"
#include "tiepoint/geometry/sampson_refinement.h"
#include "tiepoint/geometry/usac.h"

namespace tiepoint {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector2d;
using Eigen::Vector3d;

// A model is an answer when fewer like it than this are expected by chance.
constexpr double kLargestChance = 1e-3;

// Largest distance of the points of one image from a line through them, as a
// mean square; 0 for one point.
bool OnOneLine(const std::vector<Vector2d>& points, double max_error) {
  Vector2d mean = Vector2d::Zero();
  for (const Vector2d& p : points) mean += p / points.size();
  Eigen::Matrix2d scatter = Eigen::Matrix2d::Zero();
  for (const Vector2d& p : points) {
    scatter += (p - mean) * (p - mean).transpose() / points.size();
  }
  const double smallest =
      Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d>(scatter).eigenvalues()(0);
  return smallest < max_error * max_error;
}

// Are the inliers of one image on one line, or at one place?
bool Collinear(std::span<const PointPair> pairs, double max_error) {
  std::vector<Vector2d> points1, points2;
  for (const PointPair& pair : pairs) {
    points1.emplace_back(pair.x1, pair.y1);
    points2.emplace_back(pair.x2, pair.y2);
  }
  return OnOneLine(points1, max_error) || OnOneLine(points2, max_error);
}

// The fundamental matrix (pixels) of an essential matrix.
Matrix3d Fundamental(const Matrix3d& essential, const PinholeCamera& camera1,
                     const PinholeCamera& camera2) {
  return FromArray(
      FundamentalFromEssential(ToArray(essential), camera1, camera2));
}

// Of pairs in pixels.
Pose PoseOf(const Matrix3d& essential, std::span<const PointPair> inliers,
            const PinholeCamera& camera1, const PinholeCamera& camera2) {
  std::vector<PointPair> normalized;
  for (const PointPair& pair : inliers) {
    normalized.push_back(Normalized(pair, camera1, camera2));
  }
  const RelativePose pose = PoseFromEssential(ToArray(essential), normalized);
  return {FromArray(pose.rotation), Vector3d(pose.translation.data())};
}

// How many inliers a rotation alone explains within `max_error` pixels. Starts
// from the rotation of the pose, which is right also where the translation is
// arbitrary, and from the best one for all inliers.
int CountRotationInliers(std::span<const PointPair> pairs,
                         const PinholeCamera& camera1,
                         const PinholeCamera& camera2, const Matrix3d& rotation,
                         double max_error) {
  std::vector<PointPair> normalized;
  for (const PointPair& pair : pairs) {
    normalized.push_back(Normalized(pair, camera1, camera2));
  }
  std::vector<char> used(pairs.size(), 1);
  int best = 0;
  for (Matrix3d r : {rotation, BestRotation<char>(normalized, used)}) {
    for (int iteration = 0; iteration < 5; ++iteration) {
      const Matrix3 turned =
          ToArray(Calibration(camera2) * r * Calibration(camera1).inverse());
      int count = 0;
      for (size_t i = 0; i < pairs.size(); ++i) {
        used[i] = TransferError(turned, pairs[i]) <= max_error;
        count += used[i];
      }
      best = std::max(best, count);
      if (count < 3) break;
      r = BestRotation<char>(normalized, used);
    }
  }
  return best;
}

// Standard deviation of the noise, pixels, from the median Sampson error.
double Noise(std::span<const PointPair> inliers, const Pose& pose,
             const PinholeCamera& camera1, const PinholeCamera& camera2) {
  const SampsonProblem sampson(inliers, {}, camera1, camera2);
  const Matrix3d essential = pose.Essential();
  std::vector<double> errors;
  for (size_t i = 0; i < inliers.size(); ++i) {
    errors.push_back(std::sqrt(sampson.SquaredError(essential, i)));
  }
  const auto middle = errors.begin() + errors.size() / 2;
  std::nth_element(errors.begin(), middle, errors.end());
  return 1.4826 * *middle;
}

// How far inliers of a mapping of one image to the other may be from it. A
// transfer error has both axes and the noise of both images; the factor is the
// 99.9 % point, 3.7 sqrt(2) sigma.
double LargestTransferError(double noise, const TwoViewOptions& options) {
  return std::max(options.max_error, 5.3 * noise);
}

// Parallax tells the direction of motion. Pairs that a rotation alone does not
// explain carry it, but a few such pairs are also among the inliers by chance
// (wrong matches that lie near their epipolar line).
bool TranslationIsTold(std::span<const PointPair> inliers, size_t num_pairs,
                       const Pose& pose, const PinholeCamera& camera1,
                       const PinholeCamera& camera2, double noise,
                       const TwoViewOptions& options) {
  const int by_rotation =
      CountRotationInliers(inliers, camera1, camera2, pose.rotation,
                           LargestTransferError(noise, options));
  const double by_chance =
      0.05 * inliers.size() + 0.02 * (num_pairs - inliers.size());
  const double parallax = static_cast<double>(inliers.size()) - by_rotation;
  return parallax >= std::max<double>(options.min_inliers, by_chance);
}

// P(at least `least` of `count` events), each of probability p.
double BinomialTail(int count, int least, double p) {
  double sum = 0;
  for (int k = std::max(0, least); k <= count; ++k) {
    sum += std::exp(std::lgamma(count + 1.0) - std::lgamma(k + 1.0) -
                    std::lgamma(count - k + 1.0) + k * std::log(p) +
                    (count - k) * std::log1p(-p));
  }
  return std::min(1.0, sum);
}

// How many models with that many inliers a search among wrong matches would
// find by chance. The chance of one wrong match to be an inlier is measured on
// the data: first points paired with second points of other matches. `pairs`
// are in random order.
double ExpectedByChance(const std::vector<PointPair>& pairs,
                        const std::function<bool(const PointPair&)>& is_inlier,
                        int num_inliers, int sample_size,
                        const TwoViewOptions& options) {
  constexpr int kSamples = 10000;
  constexpr int kModelsOfSample = 10;  // solutions of five points, at most
  const int count = static_cast<int>(pairs.size());
  const int shifts = std::min(count - 1, (kSamples + count - 1) / count);
  double hits = 0.5;
  for (int shift = 1; shift <= shifts; ++shift) {
    for (int i = 0; i < count; ++i) {
      const PointPair& other = pairs[(i + shift) % count];
      hits += is_inlier({pairs[i].x1, pairs[i].y1, other.x2, other.y2});
    }
  }
  const double p = hits / (static_cast<double>(shifts) * count + 1);
  double samples = 1;  // count over sample_size
  for (int k = 0; k < sample_size; ++k) {
    samples *= static_cast<double>(count - k) / (k + 1);
  }
  return kModelsOfSample * std::min<double>(options.max_iterations, samples) *
         BinomialTail(count - sample_size, num_inliers - sample_size, p);
}

// Does one homography explain the inliers of an epipolar geometry? Then a whole
// family of fundamental matrices does, and maybe two essential ones.
bool OneHomographyExplains(const std::vector<PointPair>& inliers,
                           TwoViewOptions options) {
  options.model = TwoViewModel::kHomography;
  // Where nearly all pairs fit, four of five samples do.
  options.max_iterations = std::min(options.max_iterations, 100);
  const auto homography = UsacMagsac(inliers, {}, {}, options);
  if (!homography) return false;
  const Matrix3& h = *homography;
  const auto explained =
      std::count_if(inliers.begin(), inliers.end(), [&](const PointPair& pair) {
        return TransferError(h, pair) <= options.max_error;
      });
  return explained >= 0.95 * inliers.size();
}

// `weights` become those of the second look where it found the answer.
std::optional<Matrix3> Guided(std::span<const PointPair> pairs,
                              const PinholeCamera& camera1,
                              const PinholeCamera& camera2,
                              const TwoViewOptions& options,
                              std::vector<double>& weights) {
  auto found = EstimateEssential(pairs, weights, camera1, camera2,
                                 {.max_error = options.max_error,
                                  .confidence = options.confidence,
                                  .max_iterations = options.max_iterations,
                                  .second_look = options.second_look,
                                  .seed = options.seed});
  if (!found) return std::nullopt;
  if (!found->weights.empty()) weights = std::move(found->weights);
  return found->essential;
}

std::string Count(size_t count, const char* things) {
  return std::to_string(count) + " " + things;
}

}  // namespace

double RelativePose::RotationAngle() const {
  const Matrix3d r = FromArray(rotation);
  const Vector3d twice_sine(r(2, 1) - r(1, 2), r(0, 2) - r(2, 0),
                            r(1, 0) - r(0, 1));
  return std::atan2(twice_sine.norm(), r.trace() - 1);
}

const char* Name(TwoViewModel model) {
  switch (model) {
    case TwoViewModel::kEssential:
      return "essential";
    case TwoViewModel::kFundamental:
      return "fundamental";
    case TwoViewModel::kHomography:
      return "homography";
  }
  return "";
}

const char* Name(TwoViewScene scene) {
  switch (scene) {
    case TwoViewScene::kUnknown:
      return "unknown";
    case TwoViewScene::kDepth:
      return "depth";
    case TwoViewScene::kPlane:
      return "plane";
    case TwoViewScene::kRotation:
      return "rotation";
  }
  return "";
}

std::string TwoViewOptions::Validate() const {
  if (!(max_error > 0) || !std::isfinite(max_error)) {
    return "the largest error of an inlier must be a positive number of pixels";
  }
  if (!(confidence > 0 && confidence < 1)) {
    return "the confidence must lie between 0 and 1";
  }
  if (max_iterations < 1) return "at least one iteration is needed";
  if (min_inliers < 1) return "the smallest number of inliers must be positive";
  return "";
}

double SquaredSampsonError(const Matrix3& matrix, const PointPair& pair) {
  const Matrix3d m = FromArray(matrix);
  const Vector3d line2 = m * Ray1(pair);
  const Vector3d line1 = m.transpose() * Ray2(pair);
  const double product = Ray2(pair).dot(line2);
  return product * product /
         (line2.head<2>().squaredNorm() + line1.head<2>().squaredNorm());
}

double SquaredEpipolarError(const Matrix3& matrix, const PointPair& pair) {
  const Matrix3d m = FromArray(matrix);
  const Vector3d line2 = m * Ray1(pair);
  const Vector3d line1 = m.transpose() * Ray2(pair);
  const double product = Ray2(pair).dot(line2);
  return product * product *
         (1 / line2.head<2>().squaredNorm() +
          1 / line1.head<2>().squaredNorm());
}

double TransferError(const Matrix3& homography, const PointPair& pair) {
  const Vector3d p = FromArray(homography) * Ray1(pair);
  const Vector2d difference = p.head<2>() / p.z() - Vector2d(pair.x2, pair.y2);
  const double error = difference.norm();
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

TwoViewGeometry EstimateTwoViewGeometry(const std::vector<PointPair>& pairs,
                                        const PinholeCamera& camera1,
                                        const PinholeCamera& camera2,
                                        const TwoViewOptions& options,
                                        std::span<const double> given) {
  const std::string problem = options.Validate();
  if (!problem.empty()) throw InputError(problem);
  const bool essential = options.model == TwoViewModel::kEssential;
  const bool homography = options.model == TwoViewModel::kHomography;
  if (essential && !(Usable(camera1) && Usable(camera2))) {
    throw InputError("a camera needs finite numbers and focal lengths above 0");
  }

  TwoViewGeometry result;
  result.model = options.model;
  const int sample_size = essential ? 5 : homography ? 4 : 7;
  const size_t needed = std::max(options.min_inliers, sample_size);
  std::vector<double> weights(given.begin(), given.end());
  DistinctPairs all = FindDistinctPairs(pairs, weights, options.seed);
  const std::vector<PointPair>& distinct = all.pairs;
  if (distinct.size() < needed) {
    result.reason = Count(distinct.size(), "distinct matches, ") +
                    Count(needed, "are needed");
    return result;
  }
  if (Collinear(distinct, 1e-3)) {
    result.reason = "all matched points of an image lie on one line";
    return result;
  }
  const bool guided = essential && !weights.empty();
  const std::optional<Matrix3> found =
      guided ? Guided(pairs, camera1, camera2, options, weights)
             : UsacMagsac(distinct, camera1, camera2, options);
  if (!std::equal(weights.begin(), weights.end(), given.begin())) {
    result.weights = weights;
    all = FindDistinctPairs(pairs, weights, options.seed);
  }
  if (!found) {
    result.reason = std::string("no ") + Name(options.model) +
                    (homography ? "" : " matrix") + " fits the matches";
    TwoViewOptions flat = options;
    flat.model = TwoViewModel::kHomography;
    if (!homography &&
        EstimateTwoViewGeometry(pairs, camera1, camera2, flat, weights)
            .success) {
      result.reason += ": a homography does (a plane, or no motion)";
    }
    return result;
  }

  Matrix3d matrix = FromArray(*found);
  // In pixels, for errors.
  Matrix3d in_pixels =
      essential ? Fundamental(matrix, camera1, camera2) : matrix;
  const auto is_inlier = [&](const PointPair& pair) {
    const Matrix3 m = ToArray(in_pixels);
    return homography ? TransferError(m, pair) <= options.max_error
                      : SquaredSampsonError(m, pair) <=
                            options.max_error * options.max_error;
  };
  const auto distinct_inliers = [&] {
    std::vector<PointPair> inliers;
    for (const PointPair& pair : distinct) {
      if (is_inlier(pair)) inliers.push_back(pair);
    }
    return inliers;
  };
  std::vector<PointPair> inliers = distinct_inliers();
  std::optional<Pose> pose;
  if (essential && inliers.size() >= needed) {
    pose = PoseOf(matrix, inliers, camera1, camera2);
    if (!guided) {
      pose = SampsonProblem(distinct, {}, camera1, camera2)
                 .Refined(*pose, {.cutoff = options.max_error});
    }
    // The refined matrix may have turned the points behind a camera.
    pose = PoseOf(pose->Essential(), inliers, camera1, camera2);
    matrix = pose->Essential().normalized();
    in_pixels = Fundamental(matrix, camera1, camera2);
    inliers = distinct_inliers();
  }
  if (inliers.size() < needed) {
    result.reason =
        Count(inliers.size(), "inliers, ") + Count(needed, "are needed");
    return result;
  }
  if (Collinear(inliers, options.max_error)) {
    result.reason = "the inliers of an image lie on one line";
    return result;
  }

  if (ExpectedByChance(distinct, is_inlier, static_cast<int>(inliers.size()),
                       sample_size, options) > kLargestChance) {
    result.reason = Count(inliers.size(), "inliers among ") +
                    Count(distinct.size(), "matches may be chance");
    return result;
  }

  if (homography && std::abs(matrix(2, 2)) > 1e-9) {
    matrix /= matrix(2, 2);
  }
  result.success = true;
  result.matrix = ToArray(matrix);
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (Usable(pairs[i]) && is_inlier(pairs[i])) {
      result.inliers.push_back(static_cast<int>(i));
    }
  }
  if (!homography) result.scene = TwoViewScene::kDepth;
  if (options.model == TwoViewModel::kFundamental &&
      OneHomographyExplains(inliers, options)) {
    result.scene = TwoViewScene::kPlane;
    result.reason =
        "the points lie on a plane, or the camera only turned: the fundamental "
        "matrix is one of many";
  }
  if (!essential) return result;
  const double noise = Noise(inliers, *pose, camera1, camera2);
  if (!TranslationIsTold(inliers, distinct.size(), *pose, camera1, camera2,
                         noise, options)) {
    result.scene = TwoViewScene::kRotation;
    result.reason =
        "the camera only turned, or the points are too far away to tell the "
        "direction of motion";
    return result;
  }
  TwoViewOptions flat = options;
  flat.max_error = LargestTransferError(noise, options);
  if (OneHomographyExplains(inliers, flat)) {
    result.scene = TwoViewScene::kPlane;
    result.reason =
        "the points lie on a plane, or nearly: a second pose may fit as well";
  }
  result.pose.emplace();
  result.pose->rotation = ToArray(pose->rotation);
  for (int k = 0; k < 3; ++k) {
    result.pose->translation[k] = pose->translation(k);
  }
  result.confidence = PoseConfidence(FindPoseEvidence(
      pairs, weights, *result.pose, camera1, camera2, options.max_error));
  return result;
}

}  // namespace tiepoint
