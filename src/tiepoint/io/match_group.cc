// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/match_group.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_file.h"
#include "tiepoint/io/hdf5_numbers.h"

namespace tiepoint {
namespace {

constexpr char kMatches[] = "matches0";
constexpr char kScores[] = "matching_scores0";
constexpr char kInliers[] = "inliers0";
constexpr char kTwoView[] = "two_view";
constexpr char kFundamental[] = "fundamental";
constexpr char kEssential[] = "essential";
constexpr char kHomography[] = "homography";
constexpr char kRotation[] = "rotation";
constexpr char kTranslation[] = "translation";
constexpr char kCameras[] = "cameras";
constexpr int kLastConfiguration =
    static_cast<int>(ColmapConfiguration::kPlanarOrPanoramic);

extern "C" herr_t NoteMatchGroup(hid_t, const char* name,
                                 const H5O_info_t* info, void* groups) {
  const std::string path(name);
  const std::string tail = std::string("/") + kMatches;
  if (info->type != H5O_TYPE_DATASET || !path.ends_with(tail)) return 0;
  const std::string group = path.substr(0, path.size() - tail.size());
  const size_t slash = group.find('/');
  if (slash != std::string::npos &&
      group.find('/', slash + 1) == std::string::npos) {
    static_cast<std::set<MatchGroupName>*>(groups)->emplace(
        group.substr(0, slash), group.substr(slash + 1));
  }
  return 0;
}

std::string TextOf(const MatchGroupName& name) {
  return name.first + "/" + name.second;
}

class GroupReader {
 public:
  GroupReader(hid_t file, const std::string& where, const std::string& name)
      : where_(where), group_(H5Gopen2(file, name.c_str(), H5P_DEFAULT)) {
    if (!group_) throw UnreadableHdf5(where_);
  }

  MatchedPair Read() const {
    MatchedPair pair;
    const auto partners = ReadHdf5Numbers(group_.Id(), kMatches, where_);
    if (!partners || partners->shape.size() != 1) {
      throw WrongHdf5Shape(where_ + "/" + kMatches,
                           partners.value_or(Hdf5Numbers{}), "N");
    }
    const size_t count = partners->data.size();
    const auto scores = OneForEach(kScores, count);
    for (size_t i = 0; i < count; ++i) {
      const float j = partners->data[i];
      // float32 holds integers up to 2^24 exactly.
      if (j < -1 || j >= (1 << 24) || j != std::floor(j)) {
        throw InputError(where_ + "/" + kMatches +
                         " holds a number that is no index of a keypoint");
      }
      if (j < 0) continue;
      pair.matches.push_back({static_cast<int>(i), static_cast<int>(j),
                              scores ? (*scores)[i] : 1.0f});
    }
    if (Has(kTwoView)) pair.geometry = Geometry(pair.matches, count);
    pair.cameras = Cameras();
    return pair;
  }

  std::optional<PairCameras> Cameras() const {
    const auto numbers = Doubles<10>(kCameras);
    if (!numbers) return std::nullopt;
    const auto camera = [&](size_t at) -> std::optional<std::array<double, 4>> {
      if ((*numbers)[at + 4] == 0) return std::nullopt;
      std::array<double, 4> four;
      std::copy_n(numbers->begin() + at, 4, four.begin());
      return four;
    };
    return PairCameras{camera(0), camera(5)};
  }

 private:
  bool Has(const char* name) const {
    return H5Lexists(group_.Id(), name, H5P_DEFAULT) > 0;
  }

  std::optional<std::vector<float>> OneForEach(const char* name,
                                               size_t count) const {
    auto numbers = ReadHdf5Numbers(group_.Id(), name, where_);
    if (!numbers) return std::nullopt;
    if (numbers->shape.size() != 1 || numbers->data.size() != count) {
      throw WrongHdf5Shape(where_ + "/" + name, *numbers,
                           std::to_string(count));
    }
    return std::move(numbers->data);
  }

  ColmapTwoView Geometry(const std::vector<PairMatch>& matches,
                         size_t count) const {
    ColmapTwoView geometry;
    const auto inliers = OneForEach(kInliers, count);
    const auto configuration = OneForEach(kTwoView, 1);
    if (!inliers) throw UnreadableHdf5(where_ + "/" + kInliers);
    const float number = (*configuration)[0];
    if (number < 0 || number > kLastConfiguration ||
        number != std::floor(number)) {
      throw InputError(where_ + "/" + kTwoView +
                       " holds no configuration of COLMAP (0 .. 6)");
    }
    geometry.configuration =
        static_cast<ColmapConfiguration>(static_cast<int>(number));
    for (const PairMatch& match : matches) {
      if ((*inliers)[match.i] != 0) {
        geometry.inliers.emplace_back(match.i, match.j);
      }
    }
    geometry.fundamental = Doubles<9>(kFundamental);
    geometry.essential = Doubles<9>(kEssential);
    geometry.homography = Doubles<9>(kHomography);
    const auto rotation = Doubles<9>(kRotation);
    const auto translation = Doubles<3>(kTranslation);
    if (rotation && translation) geometry.pose = {*rotation, *translation};
    return geometry;
  }

  template <size_t N>
  std::optional<std::array<double, N>> Doubles(const char* name) const {
    if (!Has(name)) return std::nullopt;
    const std::string where = where_ + "/" + name;
    const Hdf5Data dataset(H5Dopen2(group_.Id(), name, H5P_DEFAULT));
    if (!dataset) throw UnreadableHdf5(where);
    const Hdf5Space space(H5Dget_space(dataset.Id()));
    std::array<double, N> numbers{};
    if (H5Sget_simple_extent_npoints(space.Id()) != N ||
        H5Dread(dataset.Id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                numbers.data()) < 0) {
      throw UnreadableHdf5(where);
    }
    for (const double value : numbers) {
      if (!std::isfinite(value)) {
        throw InputError(where + " holds a number that is not finite");
      }
    }
    return numbers;
  }

  std::string where_;
  Hdf5Group group_;
};

// The datasets of a pair as they are written, one entry a keypoint.
struct Columns {
  std::vector<int32_t> partners;
  std::vector<float> scores;
  std::vector<int8_t> inliers;
};

Columns ColumnsOf(const MatchedPair& pair, int keypoints,
                  const std::string& where) {
  Columns columns{std::vector<int32_t>(keypoints, -1),
                  std::vector<float>(keypoints, 0),
                  std::vector<int8_t>(keypoints, 0)};
  for (const PairMatch& match : pair.matches) {
    if (match.i < 0 || match.i >= keypoints || match.j < 0 ||
        columns.partners[match.i] >= 0) {
      throw InputError(where +
                       ": a match of a keypoint that does not exist, or two "
                       "of one");
    }
    columns.partners[match.i] = match.j;
    columns.scores[match.i] = match.score;
  }
  if (!pair.geometry) return columns;
  for (const auto& [i, j] : pair.geometry->inliers) {
    if (i < 0 || i >= keypoints || j < 0 || columns.partners[i] != j) {
      throw InputError(where + ": an inlier that is no match");
    }
    columns.inliers[i] = 1;
  }
  return columns;
}

template <size_t N>
bool WriteDoubles(hid_t group, const char* name,
                  const std::vector<hsize_t>& shape,
                  const std::optional<std::array<double, N>>& numbers) {
  return !numbers || WriteHdf5Data(group, name, shape, H5T_NATIVE_DOUBLE,
                                   H5T_IEEE_F64LE, numbers->data());
}

bool WriteCameras(hid_t group, const std::optional<PairCameras>& cameras) {
  if (!cameras) return true;
  std::array<double, 10> numbers{};
  const auto put = [&](size_t at,
                       const std::optional<std::array<double, 4>>& camera) {
    if (!camera) return;
    std::copy(camera->begin(), camera->end(), numbers.begin() + at);
    numbers[at + 4] = 1;
  };
  put(0, cameras->first);
  put(5, cameras->second);
  return WriteDoubles<10>(group, kCameras, {2, 5}, numbers);
}

bool WriteGeometry(hid_t group, const ColmapTwoView& geometry,
                   const std::vector<int8_t>& inliers) {
  const auto configuration = static_cast<int32_t>(geometry.configuration);
  std::optional<std::array<double, 9>> rotation;
  std::optional<std::array<double, 3>> translation;
  if (geometry.pose) {
    rotation = geometry.pose->rotation;
    translation = geometry.pose->translation;
  }
  return WriteHdf5Data(group, kInliers, {inliers.size()}, H5T_NATIVE_INT8,
                       H5T_STD_I8LE, inliers.data()) &&
         WriteHdf5Data(group, kTwoView, {1}, H5T_NATIVE_INT32, H5T_STD_I32LE,
                       &configuration) &&
         WriteDoubles<9>(group, kFundamental, {3, 3}, geometry.fundamental) &&
         WriteDoubles<9>(group, kEssential, {3, 3}, geometry.essential) &&
         WriteDoubles<9>(group, kHomography, {3, 3}, geometry.homography) &&
         WriteDoubles<9>(group, kRotation, {3, 3}, rotation) &&
         WriteDoubles<3>(group, kTranslation, {3}, translation);
}

}  // namespace

std::set<MatchGroupName> FindMatchGroups(hid_t file, const std::string& path) {
  std::set<MatchGroupName> groups;
  if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, NoteMatchGroup, &groups) <
      0) {
    throw InputError(path + ": is damaged (" + Hdf5Error() + ")");
  }
  return groups;
}

MatchedPair ReadMatchGroup(hid_t file, const std::string& path,
                           const MatchGroupName& name) {
  return GroupReader(file, path + ": " + TextOf(name), TextOf(name)).Read();
}

std::optional<PairCameras> ReadMatchCameras(hid_t file, const std::string& path,
                                            const MatchGroupName& name) {
  return GroupReader(file, path + ": " + TextOf(name), TextOf(name)).Cameras();
}

bool WriteMatchGroup(hid_t file, const std::string& path,
                     const MatchGroupName& name, int keypoints,
                     const MatchedPair& pair) {
  const Columns columns =
      ColumnsOf(pair, keypoints, path + ": " + TextOf(name));
  const Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(links.Id(), 1);
  H5Pset_char_encoding(links.Id(), H5T_CSET_UTF8);
  const Hdf5Group group(H5Gcreate2(file, TextOf(name).c_str(), links.Id(),
                                   H5P_DEFAULT, H5P_DEFAULT));
  return group &&
         WriteHdf5Data(group.Id(), kMatches, {columns.partners.size()},
                       H5T_NATIVE_INT32, H5T_STD_I32LE,
                       columns.partners.data()) &&
         WriteHdf5Floats(group.Id(), kScores, {columns.scores.size()},
                         columns.scores) &&
         (!pair.geometry ||
          WriteGeometry(group.Id(), *pair.geometry, columns.inliers)) &&
         WriteCameras(group.Id(), pair.cameras);
}

}  // namespace tiepoint
