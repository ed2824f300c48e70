// SPDX-License-Identifier: Apache-2.0
#include "evaluation/camera_set.h"

#include <Eigen/Dense>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>
#include <set>
#include <sstream>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

using Eigen::Matrix2d;
using Eigen::Matrix3d;
using Eigen::Vector2d;
using Eigen::Vector3d;

Matrix3d AsMatrix(const Matrix3& m) {
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(
      m.data());
}

Matrix3 AsArray(const Matrix3d& m) {
  Matrix3 result;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(result.data()) = m;
  return result;
}

// One line; `where` begins the message.
GroundTruthCamera ParseCamera(const std::string& line, const fs::path& folder,
                              const std::string& where) {
  std::istringstream words(line);
  GroundTruthCamera camera;
  std::string name;
  words >> name;
  std::array<double, 20> numbers{};
  for (double& v : numbers) words >> v;
  std::string rest;
  bool usable = !words.fail() && !(words >> rest);
  for (const double v : numbers) usable = usable && std::isfinite(v);
  if (!usable) {
    throw InputError(where +
                     "is not a camera (image fx fy cx cy k1 k2 p1 p2 R(9) "
                     "t(3))");
  }
  camera.image = (folder / name).string();
  camera.fx = numbers[0];
  camera.fy = numbers[1];
  camera.cx = numbers[2];
  camera.cy = numbers[3];
  std::copy_n(numbers.begin() + 4, 4, camera.distortion.begin());
  std::copy_n(numbers.begin() + 8, 9, camera.rotation.begin());
  std::copy_n(numbers.begin() + 17, 3, camera.translation.begin());
  if (!(camera.fx > 0 && camera.fy > 0)) {
    throw InputError(where + "a focal length is not positive");
  }
  if (!MakeRotation(camera.rotation)) {
    throw InputError(where + "R is not a rotation");
  }
  return camera;
}

Vector2d Distort(const std::array<double, 4>& d, const Vector2d& p) {
  const double r2 = p.squaredNorm();
  const double radial = 1 + r2 * (d[0] + r2 * d[1]);
  const double xy = p.x() * p.y();
  return {p.x() * radial + 2 * d[2] * xy + d[3] * (r2 + 2 * p.x() * p.x()),
          p.y() * radial + d[2] * (r2 + 2 * p.y() * p.y()) + 2 * d[3] * xy};
}

Matrix2d DistortJacobian(const std::array<double, 4>& d, const Vector2d& p) {
  const double x = p.x();
  const double y = p.y();
  const double r2 = p.squaredNorm();
  const double radial = 1 + r2 * (d[0] + r2 * d[1]);
  const double slope = 2 * (d[0] + 2 * d[1] * r2);  // d radial / d r2, twice
  Matrix2d j;
  j(0, 0) = radial + slope * x * x + 2 * d[2] * y + 6 * d[3] * x;
  j(0, 1) = slope * x * y + 2 * d[2] * x + 2 * d[3] * y;
  j(1, 0) = j(0, 1);
  j(1, 1) = radial + slope * y * y + 6 * d[2] * y + 2 * d[3] * x;
  return j;
}

Vector3d ViewingDirection(const GroundTruthCamera& camera) {
  return AsMatrix(camera.rotation).row(2);
}

}  // namespace

bool MakeRotation(Matrix3& m) {
  const Eigen::JacobiSVD<Matrix3d> svd(
      AsMatrix(m), Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Matrix3d nearest = svd.matrixU() * svd.matrixV().transpose();
  const bool near =
      nearest.determinant() > 0 && (AsMatrix(m) - nearest).norm() < 1e-3;
  m = AsArray(nearest);
  return near;
}

std::vector<GroundTruthCamera> ReadGroundTruthCameras(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw InputError(path + ": cannot be read");
  const fs::path folder = fs::path(path).parent_path();
  std::vector<GroundTruthCamera> cameras;
  std::set<std::string> seen;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const std::string where = path + ": line " + std::to_string(number) + ": ";
    cameras.push_back(ParseCamera(line, folder, where));
    if (!seen.insert(cameras.back().image).second) {
      throw InputError(where + "this image has a camera already");
    }
  }
  return cameras;
}

std::array<double, 2> Undistorted(const GroundTruthCamera& camera, double x,
                                  double y) {
  if (camera.distortion == std::array<double, 4>{}) return {x, y};
  const Vector2d target((x - camera.cx) / camera.fx,
                        (y - camera.cy) / camera.fy);
  Vector2d p = target;
  for (int iteration = 0; iteration < 50; ++iteration) {
    const Vector2d step = DistortJacobian(camera.distortion, p)
                              .partialPivLu()
                              .solve(target - Distort(camera.distortion, p));
    p += step;
    if (!(step.squaredNorm() > 1e-28)) break;
  }
  // Where distortion folds the picture over or turns it, an eigenvalue of the
  // (symmetric) Jacobian is negative.
  const Matrix2d slope = DistortJacobian(camera.distortion, p);
  const bool found = (Distort(camera.distortion, p) - target).norm() < 1e-10 &&
                     slope.determinant() > 0 && slope.trace() > 0;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (!found) return {kNone, kNone};
  return {camera.fx * p.x() + camera.cx, camera.fy * p.y() + camera.cy};
}

std::array<double, 2> Distorted(const GroundTruthCamera& camera, double x,
                                double y) {
  const Vector2d p = Distort(camera.distortion, {(x - camera.cx) / camera.fx,
                                                 (y - camera.cy) / camera.fy});
  return {camera.fx * p.x() + camera.cx, camera.fy * p.y() + camera.cy};
}

RelativePose RelativePoseOf(const GroundTruthCamera& camera1,
                            const GroundTruthCamera& camera2) {
  const Matrix3d rotation =
      AsMatrix(camera2.rotation) * AsMatrix(camera1.rotation).transpose();
  const Vector3d t1(camera1.translation.data());
  const Vector3d t2(camera2.translation.data());
  Vector3d translation = t2 - rotation * t1;
  // What is left of equal centres is rounding.
  const double length = translation.norm();
  if (length > 1e-12 * (t1.norm() + t2.norm())) {
    translation /= length;
  } else {
    translation.setZero();
  }
  return {AsArray(rotation),
          {translation.x(), translation.y(), translation.z()}};
}

double ViewingAngle(const GroundTruthCamera& camera1,
                    const GroundTruthCamera& camera2) {
  const Vector3d a = ViewingDirection(camera1);
  const Vector3d b = ViewingDirection(camera2);
  return std::atan2(a.cross(b).norm(), a.dot(b)) * 180 / std::numbers::pi;
}

}  // namespace tiepoint
