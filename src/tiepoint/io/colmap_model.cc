// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_model.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>

#include "tiepoint/base/error.h"

static_assert(std::endian::native == std::endian::little,
              "binary models are read as they lie in memory");

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

// COLMAP's first pixel centre is (0.5, 0.5), ours (0, 0).
constexpr double kPixelShift = 0.5;

struct CameraModel {
  const char* name;
  size_t num_params;
  size_t principal_point;  // index of cx
};
// In the order of COLMAP's model ids; those from 5 on are not supported.
constexpr CameraModel kCameraModels[] = {{"SIMPLE_PINHOLE", 3, 1},
                                         {"PINHOLE", 4, 2},
                                         {"SIMPLE_RADIAL", 4, 1},
                                         {"RADIAL", 5, 1},
                                         {"OPENCV", 8, 2}};

InputError UnknownCameraModel(const std::string& where,
                              const std::string& model) {
  std::string known;
  for (const CameraModel& camera : kCameraModels) {
    known += (known.empty() ? "" : ", ") + std::string(camera.name);
  }
  return InputError(where + ": the camera model " + model +
                    " is not supported (" + known + " are)");
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw InputError(path + ": cannot be opened for reading");
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// What text and binary files have in common: checks and conversions.

int CheckedId(int64_t id, const std::string& where) {
  if (id < 0 || id > std::numeric_limits<int>::max()) {
    throw InputError(where + ": the id " + std::to_string(id) +
                     " is out of range");
  }
  return static_cast<int>(id);
}

void CheckFinite(const double* values, size_t count, const std::string& where) {
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) {
      throw InputError(where + ": holds a number that is not finite");
    }
  }
}

void AddCamera(ColmapModel& model, int64_t id, ColmapCamera camera,
               size_t principal_point, const std::string& where) {
  CheckFinite(camera.params.data(), camera.params.size(), where);
  if (camera.width <= 0 || camera.height <= 0) {
    throw InputError(where + ": a camera without pixels");
  }
  camera.params[principal_point] -= kPixelShift;
  camera.params[principal_point + 1] -= kPixelShift;
  model.cameras[CheckedId(id, where)] = std::move(camera);
}

// From a quaternion (w, x, y, z), which need not have unit length.
std::array<double, 9> Rotation(const std::array<double, 4>& quaternion,
                               const std::string& where) {
  CheckFinite(quaternion.data(), 4, where);
  double length = 0;
  for (const double value : quaternion) length += value * value;
  length = std::sqrt(length);
  if (length == 0) throw InputError(where + ": a quaternion of zeros");
  const double w = quaternion[0] / length, x = quaternion[1] / length,
               y = quaternion[2] / length, z = quaternion[3] / length;
  return {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),
          2 * (x * z + w * y),     2 * (x * y + w * z),
          1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
          2 * (x * z - w * y),     2 * (y * z + w * x),
          1 - 2 * (x * x + y * y)};
}

void AddObservation(ColmapImage& image, double x, double y, int64_t point,
                    const std::string& where) {
  const double xy[] = {x, y};
  CheckFinite(xy, 2, where);
  image.observations.push_back({x - kPixelShift, y - kPixelShift, point});
}

// Text: numbers and names between blanks.

class Line {
 public:
  Line(std::string_view text, std::string where)
      : text_(text), where_(std::move(where)) {}

  const std::string& Where() const { return where_; }
  bool AtEnd() {
    SkipBlanks();
    return text_.empty();
  }
  std::string Word() {
    SkipBlanks();
    const size_t end = std::min(text_.find_first_of(" \t"), text_.size());
    if (end == 0) throw InputError(where_ + ": is too short");
    const std::string word(text_.substr(0, end));
    text_.remove_prefix(end);
    return word;
  }
  // The rest of the line: names may hold blanks.
  std::string Rest() {
    SkipBlanks();
    const std::string rest(text_);
    text_ = {};
    return rest;
  }
  template <typename T>
  T Number() {
    const std::string word = Word();
    T value{};
    const auto [end, error] =
        std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      throw InputError(where_ + ": '" + word + "' is not a number here");
    }
    return value;
  }

 private:
  void SkipBlanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size()));
  }

  std::string_view text_;
  std::string where_;
};

// The lines of a text file.
class TextFile {
 public:
  explicit TextFile(const std::string& path)
      : path_(path), content_(ReadWhole(path)) {}

  bool AtEnd() const { return position_ >= content_.size(); }
  Line Next() {
    ++number_;
    const std::string_view all(content_);
    const size_t end = std::min(all.find('\n', position_), all.size());
    std::string_view text = all.substr(position_, end - position_);
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) {
      text.remove_suffix(1);
    }
    position_ = end + 1;
    comment_ = text.starts_with('#');
    return {text, path_ + ": line " + std::to_string(number_)};
  }
  // The next line that holds something, if there is one.
  bool NextRecord(Line& line) {
    while (!AtEnd()) {
      line = Next();
      if (!comment_ && !line.AtEnd()) return true;
    }
    return false;
  }

 private:
  std::string path_;
  std::string content_;
  size_t position_ = 0;
  int number_ = 0;
  bool comment_ = false;
};

void ReadCamerasText(const std::string& path, ColmapModel& model) {
  TextFile file(path);
  Line line("", "");
  while (file.NextRecord(line)) {
    const auto id = line.Number<int64_t>();
    ColmapCamera camera;
    camera.model = line.Word();
    camera.width = line.Number<int>();
    camera.height = line.Number<int>();
    const CameraModel* known = nullptr;
    for (const CameraModel& candidate : kCameraModels) {
      if (camera.model == candidate.name) known = &candidate;
    }
    if (known == nullptr) throw UnknownCameraModel(line.Where(), camera.model);
    while (!line.AtEnd()) camera.params.push_back(line.Number<double>());
    if (camera.params.size() != known->num_params) {
      throw InputError(line.Where() + ": " + camera.model + " has " +
                       std::to_string(known->num_params) + " parameters, not " +
                       std::to_string(camera.params.size()));
    }
    AddCamera(model, id, std::move(camera), known->principal_point,
              line.Where());
  }
}

void ReadImagesText(const std::string& path, ColmapModel& model) {
  TextFile file(path);
  Line line("", "");
  while (file.NextRecord(line)) {
    const int id = CheckedId(line.Number<int64_t>(), line.Where());
    std::array<double, 4> quaternion;
    ColmapImage image;
    for (double& value : quaternion) value = line.Number<double>();
    for (double& value : image.translation) value = line.Number<double>();
    CheckFinite(image.translation.data(), 3, line.Where());
    image.rotation = Rotation(quaternion, line.Where());
    image.camera_id = CheckedId(line.Number<int64_t>(), line.Where());
    image.name = line.Rest();
    if (image.name.empty()) throw InputError(line.Where() + ": is too short");
    // The second line of an image may be empty.
    if (file.AtEnd()) {
      throw InputError(path + ": is truncated: the observations of image " +
                       std::to_string(id) + " are missing");
    }
    line = file.Next();
    while (!line.AtEnd()) {
      const auto x = line.Number<double>();
      const auto y = line.Number<double>();
      AddObservation(image, x, y, line.Number<int64_t>(), line.Where());
    }
    model.images[id] = std::move(image);
  }
}

void ReadPointsText(const std::string& path, ColmapModel& model) {
  TextFile file(path);
  Line line("", "");
  while (file.NextRecord(line)) {
    const auto id = line.Number<int64_t>();
    ColmapPoint point;
    for (double& value : point.position) value = line.Number<double>();
    CheckFinite(point.position.data(), 3, line.Where());
    for (uint8_t& value : point.colour) value = line.Number<uint8_t>();
    point.error = line.Number<double>();
    while (!line.AtEnd()) {
      const int image = CheckedId(line.Number<int64_t>(), line.Where());
      point.track.emplace_back(image, line.Number<int>());
    }
    model.points[id] = std::move(point);
  }
}

// Binary: numbers of fixed size, little-endian, without gaps.

class BinaryFile {
 public:
  explicit BinaryFile(const std::string& path)
      : path_(path), content_(ReadWhole(path)) {}

  const std::string& Path() const { return path_; }
  template <typename T>
  T Number() {
    T value;
    std::memcpy(&value, Take(sizeof(T)), sizeof(T));
    return value;
  }
  // Up to a zero byte.
  std::string Name() {
    const size_t end = content_.find('\0', position_);
    if (end == std::string::npos) throw Truncated();
    std::string name = content_.substr(position_, end - position_);
    position_ = end + 1;
    return name;
  }
  void ExpectEnd() const {
    if (position_ != content_.size()) {
      throw InputError(path_ + ": has trailing bytes");
    }
  }

 private:
  InputError Truncated() const { return InputError(path_ + ": is truncated"); }
  const char* Take(size_t size) {
    if (size > content_.size() - position_) throw Truncated();
    const char* const data = content_.data() + position_;
    position_ += size;
    return data;
  }

  std::string path_;
  std::string content_;
  size_t position_ = 0;
};

void ReadCamerasBinary(const std::string& path, ColmapModel& model) {
  BinaryFile file(path);
  const auto count = file.Number<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    const auto id = file.Number<uint32_t>();
    const auto model_id = file.Number<int32_t>();
    if (model_id < 0 || model_id >= std::ssize(kCameraModels)) {
      throw UnknownCameraModel(path,
                               "with the number " + std::to_string(model_id));
    }
    const CameraModel& known = kCameraModels[model_id];
    ColmapCamera camera;
    camera.model = known.name;
    camera.width = CheckedId(file.Number<int64_t>(), path);
    camera.height = CheckedId(file.Number<int64_t>(), path);
    for (size_t p = 0; p < known.num_params; ++p) {
      camera.params.push_back(file.Number<double>());
    }
    AddCamera(model, id, std::move(camera), known.principal_point, path);
  }
  file.ExpectEnd();
}

void ReadImagesBinary(const std::string& path, ColmapModel& model) {
  BinaryFile file(path);
  const auto count = file.Number<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    const int id = CheckedId(file.Number<uint32_t>(), path);
    std::array<double, 4> quaternion;
    ColmapImage image;
    for (double& value : quaternion) value = file.Number<double>();
    for (double& value : image.translation) value = file.Number<double>();
    CheckFinite(image.translation.data(), 3, path);
    image.rotation = Rotation(quaternion, path);
    image.camera_id = CheckedId(file.Number<uint32_t>(), path);
    image.name = file.Name();
    const auto observations = file.Number<uint64_t>();
    for (uint64_t j = 0; j < observations; ++j) {
      const auto x = file.Number<double>();
      const auto y = file.Number<double>();
      AddObservation(image, x, y, file.Number<int64_t>(), path);
    }
    model.images[id] = std::move(image);
  }
  file.ExpectEnd();
}

void ReadPointsBinary(const std::string& path, ColmapModel& model) {
  BinaryFile file(path);
  const auto count = file.Number<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    const auto id = file.Number<int64_t>();
    ColmapPoint point;
    for (double& value : point.position) value = file.Number<double>();
    CheckFinite(point.position.data(), 3, path);
    for (uint8_t& value : point.colour) value = file.Number<uint8_t>();
    point.error = file.Number<double>();
    const auto length = file.Number<uint64_t>();
    for (uint64_t j = 0; j < length; ++j) {
      const int image = CheckedId(file.Number<uint32_t>(), path);
      point.track.emplace_back(image, CheckedId(file.Number<uint32_t>(), path));
    }
    model.points[id] = std::move(point);
  }
  file.ExpectEnd();
}

void CheckReferences(const ColmapModel& model, const std::string& folder) {
  const auto missing = [&](const std::string& owner, const char* kind,
                           int64_t id) {
    return InputError(folder + ": " + owner + " refers to " + kind + " " +
                      std::to_string(id) + ", which is not in the model");
  };
  for (const auto& [id, image] : model.images) {
    const std::string owner = "image " + std::to_string(id);
    if (!model.cameras.contains(image.camera_id)) {
      throw missing(owner, "camera", image.camera_id);
    }
    for (const ColmapImage::Observation& observation : image.observations) {
      const int64_t point = observation.point3D_id;
      if (point != -1 && !model.points.contains(point)) {
        throw missing(owner, "point", point);
      }
    }
  }
  for (const auto& [id, point] : model.points) {
    const std::string owner = "point " + std::to_string(id);
    for (const auto& [image, index] : point.track) {
      const auto found = model.images.find(image);
      if (found == model.images.end()) throw missing(owner, "image", image);
      if (index < 0 || index >= std::ssize(found->second.observations)) {
        throw missing(owner + " in image " + std::to_string(image),
                      "observation", index);
      }
    }
  }
}

}  // namespace

ColmapModel ReadColmapModel(const std::string& folder) {
  if (!fs::is_directory(folder)) {
    throw InputError(folder + ": there is no such folder");
  }
  const auto path = [&](const char* name) {
    return (fs::path(folder) / name).string();
  };
  const bool binary = fs::exists(path("cameras.bin"));
  if (!binary && !fs::exists(path("cameras.txt"))) {
    throw InputError(folder +
                     ": holds no COLMAP model (cameras.bin or cameras.txt)");
  }
  ColmapModel model;
  if (binary) {
    ReadCamerasBinary(path("cameras.bin"), model);
    ReadImagesBinary(path("images.bin"), model);
    ReadPointsBinary(path("points3D.bin"), model);
  } else {
    ReadCamerasText(path("cameras.txt"), model);
    ReadImagesText(path("images.txt"), model);
    ReadPointsText(path("points3D.txt"), model);
  }
  CheckReferences(model, folder);
  return model;
}

}  // namespace tiepoint
