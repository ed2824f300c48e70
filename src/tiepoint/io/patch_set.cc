// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/patch_set.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"
#include "tiepoint/image/read_image.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr int kMosaicSide = kPatchSide * kPatchesAcross;
constexpr const char* kInfo = "info.txt";

std::string MosaicName(int index) {
  char name[32];
  std::snprintf(name, sizeof(name), "patches%04d.bmp", index);
  return name;
}

// Row `row` of patch `patch` (within the mosaic) begins here.
size_t MosaicOffset(int patch, int row) {
  const int x = patch % kPatchesAcross * kPatchSide;
  const int y = patch / kPatchesAcross * kPatchSide + row;
  return static_cast<size_t>(y) * kMosaicSide + x;
}

int MosaicsFor(size_t patches) {
  return static_cast<int>((patches + kPatchesInMosaic - 1) / kPatchesInMosaic);
}

InputError AtLine(const std::string& path, int line, const std::string& what) {
  return InputError(path + ":" + std::to_string(line) + ": " + what);
}

// Reads the lines of a text file: next(line number, text). Empty lines at the
// end are passed over.
template <typename Next>
void ForLines(const std::string& path, const Next& next) {
  if (!fs::is_regular_file(path)) throw InputError(path + ": no such file");
  std::ifstream file(path);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      if (file.peek() == std::ifstream::traits_type::eof()) break;
      throw AtLine(path, number, "is empty");
    }
    next(number, line);
  }
  if (file.bad()) throw InputError(path + ": cannot be read");
}

// Fills `mosaic` with up to kPatchesInMosaic patches.
void FillMosaic(std::span<const uint8_t> patches, cv::Mat& mosaic) {
  mosaic.setTo(0);
  for (size_t p = 0; p * kPatchPixels < patches.size(); ++p) {
    for (int row = 0; row < kPatchSide; ++row) {
      const auto from = patches.begin() +
                        static_cast<ptrdiff_t>(p * kPatchPixels) +
                        static_cast<ptrdiff_t>(row) * kPatchSide;
      std::copy(from, from + kPatchSide,
                mosaic.data + MosaicOffset(static_cast<int>(p), row));
    }
  }
}

void WriteMosaics(const fs::path& folder, std::span<const uint8_t> pixels) {
  cv::Mat mosaic(kMosaicSide, kMosaicSide, CV_8UC1);
  std::vector<uint8_t> file;
  constexpr size_t kStep = size_t{kPatchesInMosaic} * kPatchPixels;
  for (size_t first = 0; first < pixels.size(); first += kStep) {
    FillMosaic(pixels.subspan(first, std::min(kStep, pixels.size() - first)),
               mosaic);
    cv::imencode(".bmp", mosaic, file);
    const fs::path path = folder / MosaicName(static_cast<int>(first / kStep));
    WriteFileAtomically(
        path.string(),
        std::string_view(reinterpret_cast<const char*>(file.data()),
                         file.size()));
  }
}

// All pairs of patches that show one point, numbered without being listed.
class SamePointPairs {
 public:
  explicit SamePointPairs(std::span<const int> points) {
    std::map<int, std::vector<int>> patches_of;
    for (size_t p = 0; p < points.size(); ++p) {
      patches_of[points[p]].push_back(static_cast<int>(p));
    }
    for (auto& [point, patches] : patches_of) {
      const auto n = static_cast<int64_t>(patches.size());
      if (n < 2) continue;
      first_.push_back(count_);
      count_ += n * (n - 1) / 2;
      groups_.push_back(std::move(patches));
    }
  }

  int64_t Count() const { return count_; }

  PatchPair At(int64_t index) const {
    const auto after = std::upper_bound(first_.begin(), first_.end(), index);
    const auto group = static_cast<size_t>(after - first_.begin()) - 1;
    // Pair (i, j), i < j, has the number j (j - 1) / 2 + i.
    const int64_t number = index - first_[group];
    int64_t j = 1;
    while ((j + 1) * j / 2 <= number) ++j;
    return {groups_[group][number - j * (j - 1) / 2], groups_[group][j], true};
  }

 private:
  int64_t count_ = 0;
  std::vector<int64_t> first_;  // number of each group's first pair
  std::vector<std::vector<int>> groups_;
};

int64_t Below(Random& random, int64_t count) {
  return static_cast<int64_t>(random.Bits() % static_cast<uint64_t>(count));
}

// `size` different numbers below `count`, in random order.
std::vector<int64_t> DrawDistinct(int64_t count, int size, Random& random) {
  // Floyd's method, which needs no list of all numbers; then a shuffle.
  std::set<int64_t> seen;
  std::vector<int64_t> drawn;
  for (int64_t last = count - size; last < count; ++last) {
    int64_t number = Below(random, last + 1);
    if (!seen.insert(number).second) seen.insert(number = last);
    drawn.push_back(number);
  }
  for (size_t i = drawn.size(); i > 1; --i) {
    std::swap(drawn[i - 1], drawn[random.Integer(static_cast<int>(i))]);
  }
  return drawn;
}

}  // namespace

PatchSet::PatchSet(std::string folder) : folder_(std::move(folder)) {
  const std::string path = (fs::path(folder_) / kInfo).string();
  ForLines(path, [&](int number, const std::string& line) {
    int point = -1;
    if (std::sscanf(line.c_str(), "%d", &point) != 1 || point < 0) {
      throw AtLine(path, number, "does not begin with the number of a point");
    }
    points_.push_back(point);
  });
  if (points_.empty()) throw InputError(path + ": is empty");
}

std::string PatchSet::Name() const {
  return fs::weakly_canonical(folder_).filename().string();
}

int PatchSet::NumMosaics() const { return MosaicsFor(points_.size()); }

std::vector<uint8_t> PatchSet::ReadMosaic(int index) const {
  const std::string path = (fs::path(folder_) / MosaicName(index)).string();
  const Image image = ReadImage(path);
  if (image.width != kMosaicSide || image.height != kMosaicSide) {
    throw InputError(path + ": is " + std::to_string(image.width) + " x " +
                     std::to_string(image.height) +
                     " pixels, not 1024 x 1024 (16 x 16 patches)");
  }
  const int count =
      std::min(kPatchesInMosaic, NumPatches() - index * kPatchesInMosaic);
  std::vector<uint8_t> pixels;
  pixels.reserve(static_cast<size_t>(count) * kPatchPixels);
  for (int patch = 0; patch < count; ++patch) {
    for (int row = 0; row < kPatchSide; ++row) {
      const float* from = image.gray.pixels.data() + MosaicOffset(patch, row);
      for (int x = 0; x < kPatchSide; ++x) {
        pixels.push_back(static_cast<uint8_t>(std::lround(from[x])));
      }
    }
  }
  return pixels;
}

std::vector<std::string> PatchSet::MatchFiles() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("m50_") && name.ends_with(".txt")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<PatchPair> PatchSet::ReadPairs(
    const std::string& match_file) const {
  const std::string path = (fs::path(folder_) / match_file).string();
  std::vector<PatchPair> pairs;
  ForLines(path, [&](int number, const std::string& line) {
    PatchPair pair;
    int point1 = 0, point2 = 0;
    if (std::sscanf(line.c_str(), "%d %d %*s %d %d %*s", &pair.patch1, &point1,
                    &pair.patch2, &point2) != 4) {
      throw AtLine(path, number,
                   "is not: patch, point, any, patch, point, any");
    }
    for (const auto& [patch, point] :
         {std::pair(pair.patch1, point1), std::pair(pair.patch2, point2)}) {
      if (patch < 0 || patch >= NumPatches()) {
        throw AtLine(path, number,
                     "there is no patch " + std::to_string(patch) +
                         "; the set has " + std::to_string(NumPatches()));
      }
      if (points_[patch] != point) {
        throw AtLine(path, number,
                     "patch " + std::to_string(patch) + " shows point " +
                         std::to_string(points_[patch]) + " by " + kInfo +
                         ", not " + std::to_string(point));
      }
    }
    pair.same_point = point1 == point2;
    pairs.push_back(pair);
  });
  if (pairs.empty()) throw InputError(path + ": is empty");
  return pairs;
}

std::vector<std::string> FindPatchSets(const std::string& folder) {
  if (!fs::is_directory(folder)) throw InputError(folder + ": no such folder");
  if (fs::exists(fs::path(folder) / kInfo)) return {folder};
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == kInfo) {
      found.push_back(entry.path().parent_path().string());
    }
  }
  if (found.empty()) {
    throw InputError(folder + ": no patch set (a folder with " + kInfo +
                     ") here or below");
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<PatchPair> DrawPairs(std::span<const int> points, int count,
                                 uint64_t seed) {
  const SamePointPairs same(points);
  const auto patches = static_cast<int64_t>(points.size());
  const int64_t different = patches * (patches - 1) / 2 - same.Count();
  const int half =
      static_cast<int>(std::min<int64_t>({count / 2, same.Count(), different}));
  Random random(seed);
  const std::vector<int64_t> drawn = DrawDistinct(same.Count(), half, random);
  std::set<std::pair<int, int>> seen;
  std::vector<PatchPair> pairs;
  for (const int64_t index : drawn) {
    pairs.push_back(same.At(index));
    while (true) {
      int a = random.Integer(static_cast<int>(patches));
      int b = random.Integer(static_cast<int>(patches));
      if (a > b) std::swap(a, b);
      if (points[a] == points[b] || !seen.insert({a, b}).second) continue;
      pairs.push_back({a, b, false});
      break;
    }
  }
  return pairs;
}

void WritePatchSet(const std::string& folder, std::span<const uint8_t> pixels,
                   std::span<const int> points,
                   std::span<const PatchPair> pairs) {
  const fs::path path(folder);
  EnsureWritableFolder(folder);
  if (fs::exists(path / MosaicName(0)) || fs::exists(path / kInfo)) {
    throw InputError(folder +
                     ": holds a patch set already; choose an empty "
                     "folder");
  }
  WriteMosaics(path, pixels);
  std::string text;
  for (const PatchPair& pair : pairs) {
    for (const int patch : {pair.patch1, pair.patch2}) {
      text += std::to_string(patch) + " " + std::to_string(points[patch]) +
              (patch == pair.patch1 ? " 0 " : " 0\n");
    }
  }
  if (!pairs.empty()) {
    const std::string count = std::to_string(pairs.size());
    WriteFileAtomically(
        (path / ("m50_" + count + "_" + count + "_0.txt")).string(), text);
  }
  text.clear();
  for (const int point : points) text += std::to_string(point) + " 0\n";
  WriteFileAtomically((path / kInfo).string(), text);
}

}  // namespace tiepoint
