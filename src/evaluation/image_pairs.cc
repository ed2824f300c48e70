// SPDX-License-Identifier: Apache-2.0
#include "evaluation/image_pairs.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <set>

#include "tiepoint/base/error.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFewestOfCamera = 4;

bool IsPhotograph(const fs::path& path) {
  static const std::set<std::string> kExtensions = {
      ".png", ".ppm", ".pgm", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"};
  std::string extension = path.extension().string();
  for (char& c : extension) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return kExtensions.count(extension) > 0;
}

std::vector<fs::path> Sorted(std::vector<fs::path> paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<fs::path> PhotographsOf(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && IsPhotograph(entry.path())) {
      paths.push_back(entry.path());
    }
  }
  return Sorted(std::move(paths));
}

std::vector<fs::path> FoldersOf(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) paths.push_back(entry.path());
  }
  return Sorted(std::move(paths));
}

bool HasCameras(const fs::path& folder) {
  return fs::exists(folder / "gt_cameras.txt") ||
         fs::is_directory(folder / "sparse");
}

// Of HPatches: the pictures are columns of patches.
bool HasPatches(const fs::path& folder) {
  return fs::exists(folder / "ref.png");
}

// Without a slash at the end, so that the last part is a name.
fs::path Normal(const std::string& path) {
  fs::path result = fs::absolute(path).lexically_normal();
  if (result.filename().empty()) result = result.parent_path();
  return result;
}

// A folder that may be a sequence.
struct Place {
  fs::path folder;
  std::string set, sequence;
};

Place MakePlace(const fs::path& root, const fs::path& folder) {
  Place place{folder, "", ""};
  fs::path named = folder;
  if (named.filename() == "images") named = named.parent_path();
  const fs::path below = named.lexically_relative(root);
  const std::vector<fs::path> parts(below.begin(), below.end());
  if (parts.size() >= 2 && parts[0] != "..") {
    place.set = parts[0].string();
    place.sequence = below.lexically_relative(parts[0]).generic_string();
  } else {
    place.set = named.parent_path().filename().string();
    place.sequence = named.filename().string();
  }
  return place;
}

// The folders from `folder` down, in order; those with cameras are passed over
// unless they are wanted.
void Collect(const fs::path& root, const fs::path& folder, bool with_cameras,
             std::vector<Place>& places) {
  if (HasPatches(folder) || (!with_cameras && HasCameras(folder))) return;
  places.push_back(MakePlace(root, folder));
  for (const fs::path& below : FoldersOf(folder)) {
    Collect(root, below, with_cameras, places);
  }
}

std::vector<Place> PlacesIn(const std::string& folder, bool with_cameras) {
  if (!fs::is_directory(folder)) {
    throw InputError(folder + ": no such folder");
  }
  const fs::path root = Normal(folder);
  std::vector<Place> places;
  // Also where only the images/ beside the truth were given.
  if (with_cameras || root.filename() != "images" ||
      !HasCameras(root.parent_path())) {
    Collect(root, root, with_cameras, places);
  }
  return places;
}

std::string PairName(size_t first, size_t second) {
  return std::to_string(first) + "-" + std::to_string(second);
}

std::vector<ImagePair> PairsOf(const Place& place) {
  std::vector<ImagePair> pairs;
  const auto add = [&](const std::string& name, const std::string& path1,
                       const std::string& path2) -> ImagePair& {
    ImagePair& pair = pairs.emplace_back();
    pair.set = place.set;
    pair.sequence = place.sequence;
    pair.name = name;
    pair.path1 = path1;
    pair.path2 = path2;
    return pair;
  };
  for (const HomographyPair& read :
       ReadHomographySequence(place.folder.string())) {
    add(PairName(1, read.index), read.path1, read.path2).homography =
        read.homography;
  }
  if (!pairs.empty()) return pairs;
  const std::vector<fs::path> photographs = PhotographsOf(place.folder);
  if (photographs.size() < kFewestOfCamera) return {};
  const size_t half = photographs.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    add(PairName(i + 1, i + 1 + half), photographs[i].string(),
        photographs[i + half].string())
        .fixed_camera = true;
  }
  return pairs;
}

void CheckName(const std::string& name) {
  int first = 0, second = 0;
  char rest = 0;
  if (std::sscanf(name.c_str(), "%d-%d%c", &first, &second, &rest) != 2 ||
      first < 1 || second <= first) {
    throw InputError("'" + name +
                     "' is not a pair: two numbers of photographs are needed, "
                     "e.g. 1-2");
  }
}

}  // namespace

Json ToJson(const PairImageSize& size) {
  return {{"sequences", size.sequences}, {"fixed_cameras", size.fixed_cameras}};
}

std::vector<ImagePair> FindImagePairs(const std::vector<std::string>& folders,
                                      const ImagePairOptions& options) {
  for (const std::string& name : options.names) CheckName(name);
  std::vector<ImagePair> chosen;
  std::set<std::pair<std::string, std::string>> seen;
  for (const std::string& folder : folders) {
    bool found = false;
    for (const Place& place : PlacesIn(folder, /*with_cameras=*/false)) {
      for (ImagePair& pair : PairsOf(place)) {
        found = true;
        const bool wanted =
            options.names.empty() ||
            std::count(options.names.begin(), options.names.end(), pair.name);
        if (wanted && seen.insert({pair.path1, pair.path2}).second) {
          chosen.push_back(std::move(pair));
        }
      }
    }
    if (!found) {
      throw InputError(folder +
                       ": no homography sequence (H1to2p or H_1_2) and no "
                       "fixed camera (4 photographs or more)");
    }
  }
  if (chosen.empty()) {
    throw InputError("no pair " +
                     (options.names.empty() ? "" : options.names[0] + " ") +
                     "in the folders given");
  }
  return chosen;
}

std::vector<ScenePhotograph> FindScenePhotographs(
    const std::vector<std::string>& paths) {
  std::vector<ScenePhotograph> found;
  std::set<std::string> seen;
  const auto add = [&](const std::string& set, const std::string& sequence,
                       const fs::path& path) {
    if (seen.insert(path.string()).second) {
      found.push_back({set, sequence, path.string()});
    }
  };
  for (const std::string& path : paths) {
    if (fs::is_regular_file(path)) {
      const fs::path file = Normal(path);
      const Place place = MakePlace(file.parent_path(), file.parent_path());
      add(place.sequence, file.stem().string(), file);
      continue;
    }
    for (const Place& place : PlacesIn(path, /*with_cameras=*/true)) {
      const std::vector<fs::path> photographs = PhotographsOf(place.folder);
      if (!photographs.empty()) {
        add(place.set, place.sequence, photographs[0]);
      }
    }
  }
  if (found.empty()) {
    throw InputError((paths.empty() ? "" : paths[0] + ": ") +
                     std::string("no photograph"));
  }
  return found;
}

PairList::PairList(std::vector<ImagePair> pairs) : pairs_(std::move(pairs)) {
  for (const ImagePair& pair : pairs_) {
    index_[{pair.path1, pair.path2}] = items_.size();
    items_.push_back({pair.set, pair.sequence, pair.name, pair.path1,
                      pair.path2, std::nullopt});
  }
}

const ImagePair& PairList::Of(const Item& item) const {
  return pairs_.at(index_.at({item.image1, item.image2}));
}

uint64_t PairList::TruthChecksum() const {
  uint64_t sum = 0;
  for (const ImagePair& pair : pairs_) {
    for (const double v : pair.homography) {
      sum = StreamSeed(sum, std::bit_cast<uint64_t>(v));
    }
  }
  return sum;
}

}  // namespace tiepoint
