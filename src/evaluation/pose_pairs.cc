// SPDX-License-Identifier: Apache-2.0
#include "evaluation/pose_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numbers>
#include <set>
#include <sstream>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_model.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr size_t kListFields = 38;

std::string Stem(const std::string& path) {
  return fs::path(path).stem().string();
}

PosePair MakePair(const fs::path& place, const GroundTruthCamera& camera1,
                  const GroundTruthCamera& camera2) {
  PosePair pair;
  pair.set = place.parent_path().filename().string();
  pair.sequence = place.filename().string();
  pair.name = Stem(camera1.image) + "-" + Stem(camera2.image);
  pair.camera1 = camera1;
  pair.camera2 = camera2;
  pair.cam2_from_cam1 = RelativePoseOf(camera1, camera2);
  return pair;
}

bool HasBaseline(const PosePair& pair) {
  return pair.cam2_from_cam1.translation != std::array<double, 3>{};
}

bool InRange(double angle, const PosePairOptions& options) {
  return angle >= options.min_angle && angle <= options.max_angle;
}

// Those at (k + 1/2) / max_pairs of the list.
std::vector<PosePair> Thinned(const std::vector<PosePair>& pairs,
                              int max_pairs) {
  const int64_t count = static_cast<int64_t>(pairs.size());
  if (max_pairs == 0 || count <= max_pairs) return pairs;
  std::vector<PosePair> result;
  for (int64_t k = 0; k < max_pairs; ++k) {
    result.push_back(pairs[(2 * k + 1) * count / (2 * max_pairs)]);
  }
  return result;
}

void RequirePhotographs(const std::vector<PosePair>& pairs) {
  for (const PosePair& pair : pairs) {
    for (const GroundTruthCamera* camera : {&pair.camera1, &pair.camera2}) {
      if (!fs::is_regular_file(camera->image)) {
        throw InputError(camera->image + ": no such photograph");
      }
    }
  }
}

std::vector<PosePair> PairsOfCameras(const fs::path& folder,
                                     const PosePairOptions& options) {
  std::vector<GroundTruthCamera> cameras =
      ReadGroundTruthCameras((folder / "gt_cameras.txt").string());
  std::sort(cameras.begin(), cameras.end(),
            [](const auto& a, const auto& b) { return a.image < b.image; });
  std::vector<PosePair> pairs;
  for (size_t i = 0; i < cameras.size(); ++i) {
    for (size_t j = i + 1; j < cameras.size(); ++j) {
      const double angle = ViewingAngle(cameras[i], cameras[j]);
      if (!InRange(angle, options)) continue;
      PosePair pair = MakePair(folder, cameras[i], cameras[j]);
      pair.angle = angle;
      if (HasBaseline(pair)) pairs.push_back(std::move(pair));
    }
  }
  return Thinned(pairs, options.max_pairs);
}

// COLMAP's parameters as fx fy cx cy and k1 k2 p1 p2.
GroundTruthCamera CameraOf(const ColmapCamera& camera) {
  const std::vector<double>& p = camera.params;
  GroundTruthCamera result;
  const bool one_focal_length =
      camera.model.starts_with("SIMPLE") || camera.model == "RADIAL";
  const size_t centre = one_focal_length ? 1 : 2;
  result.fx = p[0];
  result.fy = p[centre - 1];
  result.cx = p[centre];
  result.cy = p[centre + 1];
  std::copy(p.begin() + static_cast<std::ptrdiff_t>(centre) + 2, p.end(),
            result.distortion.begin());
  return result;
}

// The images of a model by name, with the points that each sees.
struct Views {
  std::vector<GroundTruthCamera> cameras;
  std::vector<std::vector<int64_t>> points;  // increasing, each once
};

Views ViewsOf(const ColmapModel& model, const fs::path& images) {
  std::vector<const ColmapImage*> by_name;
  for (const auto& [id, image] : model.images) by_name.push_back(&image);
  std::sort(by_name.begin(), by_name.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  Views views;
  for (const ColmapImage* image : by_name) {
    GroundTruthCamera camera = CameraOf(model.cameras.at(image->camera_id));
    camera.image = (images / image->name).string();
    camera.rotation = image->rotation;
    camera.translation = image->translation;
    std::set<int64_t> points;
    for (const auto& observation : image->observations) {
      if (observation.point3D_id >= 0) points.insert(observation.point3D_id);
    }
    views.cameras.push_back(camera);
    views.points.emplace_back(points.begin(), points.end());
  }
  return views;
}

using Vector = std::array<double, 3>;

// -R' t
Vector CentreOf(const GroundTruthCamera& camera) {
  Vector centre{};
  for (int c = 0; c < 3; ++c) {
    for (int r = 0; r < 3; ++r) {
      centre[c] -= camera.rotation[3 * r + c] * camera.translation[r];
    }
  }
  return centre;
}

// At `point`, between the rays from two centres; degrees.
double RayAngle(const Vector& point, const Vector& centre1,
                const Vector& centre2) {
  Vector a, b;
  for (int k = 0; k < 3; ++k) {
    a[k] = centre1[k] - point[k];
    b[k] = centre2[k] - point[k];
  }
  const double cross =
      std::hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                 a[0] * b[1] - a[1] * b[0]);
  const double dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  return std::atan2(cross, dot) * 180 / std::numbers::pi;
}

double MedianRayAngle(const ColmapModel& model,
                      const std::vector<int64_t>& points,
                      const GroundTruthCamera& camera1,
                      const GroundTruthCamera& camera2) {
  const Vector centre1 = CentreOf(camera1);
  const Vector centre2 = CentreOf(camera2);
  std::vector<double> angles;
  for (const int64_t id : points) {
    angles.push_back(RayAngle(model.points.at(id).position, centre1, centre2));
  }
  const auto middle =
      angles.begin() + static_cast<std::ptrdiff_t>(angles.size() / 2);
  std::nth_element(angles.begin(), middle, angles.end());
  return *middle;
}

std::vector<PosePair> PairsOfModel(const fs::path& folder,
                                   const fs::path& sparse,
                                   const PosePairOptions& options) {
  const ColmapModel model = ReadColmapModel(sparse.string());
  const Views views = ViewsOf(model, folder / "images");
  std::vector<PosePair> pairs;
  for (size_t i = 0; i < views.cameras.size(); ++i) {
    for (size_t j = i + 1; j < views.cameras.size(); ++j) {
      std::vector<int64_t> shared;
      std::set_intersection(views.points[i].begin(), views.points[i].end(),
                            views.points[j].begin(), views.points[j].end(),
                            std::back_inserter(shared));
      const int count = static_cast<int>(shared.size());
      if (count < std::max(1, options.min_shared_points)) continue;
      const double angle =
          MedianRayAngle(model, shared, views.cameras[i], views.cameras[j]);
      if (!InRange(angle, options)) continue;
      PosePair pair = MakePair(folder, views.cameras[i], views.cameras[j]);
      pair.angle = angle;
      pair.shared_points = count;
      if (HasBaseline(pair)) pairs.push_back(std::move(pair));
    }
  }
  return Thinned(pairs, options.max_pairs);
}

std::vector<std::string> Fields(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

double Number(const std::string& word, const std::string& where) {
  std::istringstream text(word);
  double value = 0;
  std::string rest;
  if (!(text >> value) || text >> rest || !std::isfinite(value)) {
    throw InputError(where + "\"" + word + "\" is not a number");
  }
  return value;
}

PosePair ParseListLine(const std::vector<std::string>& fields,
                       const fs::path& list, const fs::path& images,
                       const std::string& where) {
  if (fields.size() != kListFields) {
    throw InputError(where + "has " + std::to_string(fields.size()) +
                     " fields, a pair has 38");
  }
  std::vector<double> numbers;
  for (size_t k = 2; k < fields.size(); ++k) {
    numbers.push_back(Number(fields[k], where));
  }
  GroundTruthCamera cameras[2];
  for (int c = 0; c < 2; ++c) {
    const double* k = &numbers[2 + 9 * c];
    GroundTruthCamera& camera = cameras[c];
    camera.image = (images / fields[c]).string();
    camera.fx = k[0];
    camera.fy = k[4];
    camera.cx = k[2];
    camera.cy = k[5];
    if (!(camera.fx > 0 && camera.fy > 0)) {
      throw InputError(where + "a focal length is not positive");
    }
  }
  const double* pose = &numbers[20];
  for (int r = 0; r < 3; ++r) {
    std::copy_n(pose + 4 * r, 3, cameras[1].rotation.begin() + 3 * r);
    cameras[1].translation[r] = pose[4 * r + 3];
  }
  if (!MakeRotation(cameras[1].rotation)) {
    throw InputError(where + "T does not hold a rotation");
  }
  PosePair pair =
      MakePair(list.parent_path() / list.stem(), cameras[0], cameras[1]);
  pair.angle = ViewingAngle(cameras[0], cameras[1]);
  pair.sideways = numbers[0] != 0 || numbers[1] != 0;
  return pair;
}

// None when the first line is not that of such a list.
std::vector<PosePair> PairsOfList(const fs::path& list,
                                  const PosePairOptions& options) {
  std::ifstream file(list);
  if (!file) throw InputError(list.string() + ": cannot be read");
  const fs::path images = options.list_images.empty()
                              ? list.parent_path()
                              : fs::path(options.list_images);
  std::vector<PosePair> pairs;
  std::set<std::pair<std::string, std::string>> seen;
  std::string line;
  bool first = true;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) continue;
    if (first && fields.size() != kListFields) return {};
    first = false;
    const std::string where =
        list.string() + ": line " + std::to_string(number) + ": ";
    PosePair pair = ParseListLine(fields, list, images, where);
    if (!seen.insert({fields[0], fields[1]}).second) {
      throw InputError(where + "this pair was listed already");
    }
    if (HasBaseline(pair)) pairs.push_back(std::move(pair));
  }
  return Thinned(pairs, options.max_pairs);
}

bool IsListName(const std::string& name) {
  return name.find("pairs") != std::string::npos && name.ends_with(".txt");
}

// Empty when there is none.
fs::path ModelOf(const fs::path& folder) {
  if (!fs::is_directory(folder / "images")) return {};
  for (const char* place : {"sparse", "sparse/0"}) {
    for (const char* file : {"images.bin", "images.txt"}) {
      if (fs::is_regular_file(folder / place / file)) return folder / place;
    }
  }
  return {};
}

std::vector<PosePair> PairsOfFolder(const fs::path& folder,
                                    const PosePairOptions& options) {
  if (fs::is_regular_file(folder / "gt_cameras.txt")) {
    return PairsOfCameras(folder, options);
  }
  const fs::path model = ModelOf(folder);
  if (!model.empty()) return PairsOfModel(folder, model, options);
  std::set<fs::path> lists;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() &&
        IsListName(entry.path().filename().string())) {
      lists.insert(entry.path());
    }
  }
  std::vector<PosePair> pairs;
  for (const fs::path& list : lists) {
    const auto more = PairsOfList(list, options);
    pairs.insert(pairs.end(), more.begin(), more.end());
  }
  return pairs;
}

std::set<fs::path> FoldersBelow(const fs::path& root) {
  std::set<fs::path> folders{root};
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_directory()) folders.insert(entry.path());
  }
  return folders;
}

}  // namespace

std::string PosePairOptions::Validate() const {
  if (!(min_angle >= 0 && max_angle >= min_angle && max_angle <= 180)) {
    return "the angles of pairs must be 0 <= smallest <= largest <= 180";
  }
  if (max_pairs < 0) return "the number of pairs cannot be negative";
  if (min_shared_points < 0) {
    return "the number of shared points cannot be negative";
  }
  return "";
}

std::vector<PosePair> FindPosePairs(const std::string& path,
                                    const PosePairOptions& options) {
  const std::string problem = options.Validate();
  if (!problem.empty()) throw InputError(problem);
  // Without a slash at the end, so that the last part is a name.
  fs::path root = fs::absolute(path).lexically_normal();
  if (root.filename().empty()) root = root.parent_path();
  std::vector<PosePair> pairs;
  if (fs::is_regular_file(root)) {
    pairs = PairsOfList(root, options);
  } else if (fs::is_directory(root)) {
    for (const fs::path& folder : FoldersBelow(root)) {
      const auto more = PairsOfFolder(folder, options);
      pairs.insert(pairs.end(), more.begin(), more.end());
    }
  } else {
    throw InputError(path + ": no such folder");
  }
  if (pairs.empty()) {
    throw InputError(path +
                     ": no pairs with known cameras (gt_cameras.txt, a COLMAP "
                     "model in sparse/ beside images/, or a *pairs*.txt)");
  }
  RequirePhotographs(pairs);
  return pairs;
}

}  // namespace tiepoint
