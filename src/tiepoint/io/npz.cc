// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/npz.h"

#include <zip.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/npy.h"

namespace tiepoint {
namespace {

// The largest array that is unpacked: damaged files may claim any size.
constexpr uint64_t kMaxBytes = uint64_t{1} << 32;
constexpr double kMaxSide = 1 << 24;
// One time for all files, so that the same features are the same bytes: the
// first that archives can say, 1980-01-01, with a day for the time zone.
constexpr time_t kTime = 315532800 + 86400;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Entry = std::unique_ptr<zip_file_t, CloseEntry>;

InputError CannotPack() { return InputError("an archive cannot be packed"); }

void Add(zip_t* archive, const char* name, const std::string& content) {
  zip_source_t* const source =
      zip_source_buffer(archive, content.data(), content.size(), 0);
  if (source == nullptr) throw CannotPack();
  const zip_int64_t index =
      zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw CannotPack();
  }
  if (zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_mtime(archive, index, kTime, 0) != 0) {
    throw CannotPack();
  }
}

std::string ReadAll(zip_source_t* source) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_source_stat(source, &status) != 0 || zip_source_open(source) != 0) {
    throw CannotPack();
  }
  std::string content(status.size, '\0');
  const zip_int64_t read =
      zip_source_read(source, content.data(), content.size());
  zip_source_close(source);
  if (read != std::ssize(content)) throw CannotPack();
  return content;
}

class Reader {
 public:
  Reader(const std::string& content, const std::string& where) : where_(where) {
    zip_error_t error;
    zip_error_init(&error);
    Source source(
        zip_source_buffer_create(content.data(), content.size(), 0, &error));
    if (source) {
      archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, &error));
    }
    if (!archive_) {
      const std::string reason = zip_error_strerror(&error);
      zip_error_fini(&error);
      throw InputError(where + ": is not a NumPy archive (" + reason + ")");
    }
    static_cast<void>(source.release());  // the archive's now
    zip_error_fini(&error);
  }

  std::optional<NpyArray> Get(const std::string& name) const {
    const std::string entry = name + ".npy";
    const std::string where = where_ + ": " + name;
    zip_stat_t status;
    if (zip_stat(archive_.get(), entry.c_str(), 0, &status) != 0) {
      return std::nullopt;
    }
    if (status.size > kMaxBytes) throw InputError(where + " is too large");
    const Entry file(zip_fopen(archive_.get(), entry.c_str(), 0));
    std::string content(status.size, '\0');
    // libzip checks the sum of the bytes at their end.
    char beyond = 0;
    if (!file ||
        zip_fread(file.get(), content.data(), content.size()) !=
            std::ssize(content) ||
        zip_fread(file.get(), &beyond, 1) != 0) {
      throw InputError(where + " is damaged (" + zip_strerror(archive_.get()) +
                       ")");
    }
    NpyArray array = ParseNpy(content, where);
    if (!std::all_of(array.data.begin(), array.data.end(),
                     [](double value) { return std::isfinite(value); })) {
      throw InputError(where + " holds a number that is not finite");
    }
    return array;
  }

  // `columns` 0: of any width, -1: one dimension.
  std::optional<NpyArray> GetRows(const std::string& name, int64_t rows,
                                  int64_t columns) const {
    std::optional<NpyArray> array = Get(name);
    if (!array) return array;
    const std::vector<int64_t>& shape = array->shape;
    const bool fits = shape.size() == (columns < 0 ? 1u : 2u) &&
                      shape[0] == rows &&
                      (columns <= 0 || shape[1] == columns) &&
                      (shape.size() < 2 || shape[1] < (1 << 20));
    if (!fits) throw InputError(where_ + ": " + name + " has a wrong shape");
    return array;
  }

 private:
  const std::string& where_;
  Archive archive_;
};

}  // namespace

std::string NpzContent(const FeatureSet& features) {
  const int64_t count = std::ssize(features.keypoints);
  std::vector<float> positions, scales, angles, scores;
  for (const Keypoint& k : features.keypoints) {
    positions.insert(positions.end(), {k.x, k.y});
    scales.push_back(k.scale);
    angles.push_back(k.angle);
    scores.push_back(k.score);
  }
  const std::vector<int64_t> size = {features.image_width,
                                     features.image_height};
  // They have to live until the archive is closed.
  const std::pair<const char*, std::string> entries[] = {
      {"keypoints.npy", NpyContent({count, 2}, positions)},
      {"scales.npy", NpyContent({count}, scales)},
      {"oris.npy", NpyContent({count}, angles)},
      {"scores.npy", NpyContent({count}, scores)},
      {"descriptors.npy", NpyContent({count, features.descriptors.cols},
                                     features.descriptors.data)},
      {"image_size.npy", NpyContent({2}, size)}};
  const Source source(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  if (!source) throw CannotPack();
  Archive archive(zip_open_from_source(source.get(), ZIP_TRUNCATE, nullptr));
  if (!archive) throw CannotPack();
  zip_source_keep(source.get());  // one for the archive, one for us
  for (const auto& [name, content] : entries) Add(archive.get(), name, content);
  if (zip_close(archive.get()) != 0) throw CannotPack();
  static_cast<void>(archive.release());  // closed
  return ReadAll(source.get());
}

FeatureSet ParseNpz(const std::string& content, const std::string& where) {
  const Reader reader(content, where);
  const std::optional<NpyArray> keypoints = reader.Get("keypoints");
  if (!keypoints) throw InputError(where + ": holds no array 'keypoints'");
  if (keypoints->shape.size() != 2 || keypoints->shape[1] != 2) {
    throw InputError(where + ": keypoints are not N x 2");
  }
  const int64_t count = keypoints->shape[0];
  const auto scales = reader.GetRows("scales", count, -1);
  const auto angles = reader.GetRows("oris", count, -1);
  const auto scores = reader.GetRows("scores", count, -1);
  FeatureSet features;
  for (int64_t i = 0; i < count; ++i) {
    const auto at = [&](const std::optional<NpyArray>& array, float fallback) {
      return array ? static_cast<float>(array->data[i]) : fallback;
    };
    features.keypoints.push_back(
        {static_cast<float>(keypoints->data[2 * i]),
         static_cast<float>(keypoints->data[2 * i + 1]), at(scales, 1),
         at(angles, 0), at(scores, 0)});
  }
  features.descriptors.rows = static_cast<int>(count);
  if (const auto descriptors = reader.GetRows("descriptors", count, 0)) {
    features.descriptors.cols = static_cast<int>(descriptors->shape[1]);
    features.descriptors.data.assign(descriptors->data.begin(),
                                     descriptors->data.end());
  }
  if (const auto size = reader.GetRows("image_size", 2, -1)) {
    for (const double side : size->data) {
      if (side < 0 || side > kMaxSide) {
        throw InputError(where + ": image_size is out of range");
      }
    }
    features.image_width = static_cast<int>(size->data[0]);
    features.image_height = static_cast<int>(size->data[1]);
  }
  return features;
}

}  // namespace tiepoint
