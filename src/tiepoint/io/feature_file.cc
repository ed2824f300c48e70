// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/feature_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_attributes.h"
#include "tiepoint/io/hdf5_file.h"
#include "tiepoint/io/hdf5_numbers.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr char kKeypoints[] = "keypoints";
constexpr char kDescriptors[] = "descriptors";
constexpr char kScores[] = "scores";
constexpr char kImageSize[] = "image_size";
constexpr char kScales[] = "scales";
constexpr char kAngles[] = "oris";

// The largest width and height: float32 holds such integers exactly.
constexpr float kMaxSide = 1 << 24;

// The parts of a name: "/a//x/../b c" is a, b c.
std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(path).lexically_normal()) {
    const std::string text = part.string();
    if (!text.empty() && text != "." && text != "/") parts.push_back(text);
  }
  return parts;
}

std::string Join(const std::vector<std::string>& parts, size_t from = 0) {
  std::string name;
  for (size_t i = from; i < parts.size(); ++i) {
    name += (name.empty() ? "" : "/") + parts[i];
  }
  return name;
}

// Names of photographs.

extern "C" herr_t NotePhotograph(hid_t, const char* name,
                                 const H5O_info_t* info, void* names) {
  const std::string path(name);
  const std::string tail = std::string("/") + kKeypoints;
  if (info->type == H5O_TYPE_DATASET && path.ends_with(tail)) {
    static_cast<std::set<std::string>*>(names)->insert(
        path.substr(0, path.size() - tail.size()));
  }
  return 0;
}

std::set<std::string> PhotographsOf(hid_t file, const std::string& path) {
  std::set<std::string> names;
  if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, NotePhotograph, &names) <
      0) {
    throw InputError(path + ": is damaged (" + Hdf5Error() + ")");
  }
  return names;
}

class PhotographReader {
 public:
  PhotographReader(hid_t file, const std::string& name, const std::string& path)
      : group_(H5Gopen2(file, name.c_str(), H5P_DEFAULT)),
        where_(path + ": " + name) {
    if (!group_) throw UnreadableHdf5(where_);
  }

  FeatureSet Read() const {
    FeatureSet features;
    const Hdf5Numbers keypoints = Get(kKeypoints).value();
    if (keypoints.shape.size() != 2 || keypoints.shape[1] != 2) {
      throw WrongShape(kKeypoints, keypoints, "N x 2");
    }
    const size_t count = keypoints.shape[0];
    const std::vector<float> scores = Column(kScores, count, 0);
    const std::vector<float> scales = Column(kScales, count, 1);
    const std::vector<float> angles = Column(kAngles, count, 0);
    features.keypoints.resize(count);
    for (size_t i = 0; i < count; ++i) {
      features.keypoints[i] = {keypoints.data[2 * i], keypoints.data[2 * i + 1],
                               scales[i], angles[i], scores[i]};
    }
    features.descriptors = Descriptors(count);
    if (const auto size = Get(kImageSize)) {
      if (size->data.size() != 2) throw WrongShape(kImageSize, *size, "2");
      for (const float side : size->data) {
        if (side < 0 || side > kMaxSide) {
          throw InputError(where_ + "/" + kImageSize + " is out of range");
        }
      }
      features.image_width = static_cast<int>(size->data[0]);
      features.image_height = static_cast<int>(size->data[1]);
    }
    return features;
  }

 private:
  InputError WrongShape(const char* name, const Hdf5Numbers& numbers,
                        const std::string& expected) const {
    return WrongHdf5Shape(where_ + "/" + name, numbers, expected);
  }

  std::optional<Hdf5Numbers> Get(const char* name) const {
    return ReadHdf5Numbers(group_.Id(), name, where_);
  }

  std::vector<float> Column(const char* name, size_t count,
                            float fallback) const {
    auto numbers = Get(name);
    if (!numbers) return std::vector<float>(count, fallback);
    if (numbers->shape.size() != 1 || numbers->shape[0] != count) {
      throw WrongShape(name, *numbers, std::to_string(count));
    }
    return std::move(numbers->data);
  }

  // The file holds one descriptor a column.
  DescriptorMatrix Descriptors(size_t count) const {
    const auto numbers = Get(kDescriptors);
    if (!numbers) return {static_cast<int>(count), 0, {}};
    if (numbers->shape.size() != 2 || numbers->shape[1] != count) {
      throw WrongShape(kDescriptors, *numbers, "D x " + std::to_string(count));
    }
    DescriptorMatrix matrix;
    matrix.rows = static_cast<int>(count);
    matrix.cols = static_cast<int>(numbers->shape[0]);
    matrix.data.resize(numbers->data.size());
    for (int i = 0; i < matrix.rows; ++i) {
      float* const row = matrix.Row(i);
      for (int j = 0; j < matrix.cols; ++j) {
        row[j] = numbers->data[j * count + i];
      }
    }
    return matrix;
  }

  Hdf5Group group_;
  std::string where_;
};

// Files of others are in any order.
void SortByScore(FeatureSet& features) {
  const std::vector<Keypoint> keypoints = features.keypoints;
  const auto stronger = [&](size_t a, size_t b) {
    return keypoints[a].score > keypoints[b].score;
  };
  std::vector<size_t> order(keypoints.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (std::is_sorted(order.begin(), order.end(), stronger)) return;
  std::stable_sort(order.begin(), order.end(), stronger);
  const DescriptorMatrix descriptors = features.descriptors;
  for (size_t i = 0; i < order.size(); ++i) {
    features.keypoints[i] = keypoints[order[i]];
    if (descriptors.rows == 0) continue;
    std::copy_n(descriptors.Row(static_cast<int>(order[i])), descriptors.cols,
                features.descriptors.Row(static_cast<int>(i)));
  }
}

bool WriteFeatures(hid_t group, const FeatureSet& features) {
  const hsize_t count = features.keypoints.size();
  std::vector<float> positions, scores, scales, angles;
  for (const Keypoint& keypoint : features.keypoints) {
    positions.insert(positions.end(), {keypoint.x, keypoint.y});
    scores.push_back(keypoint.score);
    scales.push_back(keypoint.scale);
    angles.push_back(keypoint.angle);
  }
  const DescriptorMatrix& matrix = features.descriptors;
  const hsize_t length = matrix.cols;
  std::vector<float> columns(matrix.data.size());
  for (int i = 0; i < matrix.rows; ++i) {
    for (int j = 0; j < matrix.cols; ++j) {
      columns[static_cast<size_t>(j) * matrix.rows + i] = matrix.Row(i)[j];
    }
  }
  const int64_t size[] = {features.image_width, features.image_height};
  const bool described = length > 0;
  return (!described ||
          WriteHdf5Floats(group, kDescriptors, {length, count}, columns)) &&
         WriteHdf5Floats(group, kKeypoints, {count, 2}, positions) &&
         WriteHdf5Floats(group, kScores, {count}, scores) &&
         WriteHdf5Floats(group, kScales, {count}, scales) &&
         WriteHdf5Floats(group, kAngles, {count}, angles) &&
         WriteHdf5Data(group, kImageSize, {2}, H5T_NATIVE_INT64, H5T_STD_I64LE,
                       size);
}

}  // namespace

struct FeatureFile::Impl {
  std::string path;
  Hdf5File file;
  std::vector<std::string> names;  // sorted
};

FeatureFile::FeatureFile(const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->file = OpenHdf5ToRead(path);
  const auto names = PhotographsOf(impl_->file.Id(), path);
  impl_->names.assign(names.begin(), names.end());
}

FeatureFile::~FeatureFile() = default;

const std::vector<std::string>& FeatureFile::Names() const {
  return impl_->names;
}

std::optional<FeatureSet> FeatureFile::Find(const std::string& path) const {
  std::optional<FeatureSet> features = FindAsStored(path);
  if (features) SortByScore(*features);
  return features;
}

std::optional<FeatureSet> FeatureFile::FindAsStored(
    const std::string& path) const {
  const std::vector<std::string> parts = Parts(path);
  for (size_t from = 0; from < parts.size(); ++from) {
    const std::string name = Join(parts, from);
    if (std::binary_search(impl_->names.begin(), impl_->names.end(), name)) {
      return PhotographReader(impl_->file.Id(), name, impl_->path).Read();
    }
  }
  return std::nullopt;
}

std::map<std::string, std::string> FeatureFile::Attributes() const {
  return ReadTextAttributes(impl_->file.Id());
}

struct FeatureFileWriter::Impl {
  explicit Impl(const std::string& file_path)
      : path(file_path),
        file(file_path),
        names(PhotographsOf(file.Id(), file_path)) {}

  std::string path;
  JournaledHdf5 file;
  std::set<std::string> names;
};

FeatureFileWriter::FeatureFileWriter(
    const std::string& path,
    const std::map<std::string, std::string>& attributes) {
  CreateMissingHdf5(path, attributes);
  impl_ = std::make_unique<Impl>(path);
  CheckAttributes(path, ReadTextAttributes(impl_->file.Id()), attributes);
}

FeatureFileWriter::~FeatureFileWriter() = default;

bool FeatureFileWriter::Has(const std::string& name) const {
  return impl_->names.contains(Join(Parts(name)));
}

void FeatureFileWriter::Add(const std::string& name,
                            const FeatureSet& features) {
  SilenceHdf5();  // whatever thread this is
  const std::string normal = Join(Parts(name));
  const std::string where = impl_->path + ": " + name;
  if (normal.empty()) throw InputError(where + ": is not a name");
  if (Has(normal)) throw InputError(where + " is there already");
  const int rows = features.descriptors.rows;
  if (rows != std::ssize(features.keypoints)) {
    throw InputError(where + " has other numbers of keypoints and descriptors");
  }
  const Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(links.Id(), 1);
  H5Pset_char_encoding(links.Id(), H5T_CSET_UTF8);
  bool done = false;
  {
    // A photograph "a" may be the folder of "a/b".
    const bool exists =
        H5Oexists_by_name(impl_->file.Id(), normal.c_str(), H5P_DEFAULT) > 0;
    const Hdf5Group group(
        exists ? H5Gopen2(impl_->file.Id(), normal.c_str(), H5P_DEFAULT)
               : H5Gcreate2(impl_->file.Id(), normal.c_str(), links.Id(),
                            H5P_DEFAULT, H5P_DEFAULT));
    done = group && WriteFeatures(group.Id(), features);
  }
  if (!done) impl_->file.Fail(where + " cannot be written");
  impl_->file.Commit();
  impl_->names.insert(normal);
}

}  // namespace tiepoint
