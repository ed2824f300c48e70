// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/verified_match_file.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_attributes.h"
#include "tiepoint/io/hdf5_file.h"
#include "tiepoint/io/hdf5_numbers.h"

namespace tiepoint {
namespace {

constexpr char kMatches[] = "matches0";
constexpr char kWeights[] = "matching_scores0";
constexpr char kInliers[] = "inliers0";
constexpr char kTwoView[] = "two_view";
constexpr char kFundamental[] = "fundamental";
constexpr char kEssential[] = "essential";
constexpr char kHomography[] = "homography";
constexpr char kRotation[] = "rotation";
constexpr char kTranslation[] = "translation";

// The largest dataset that is read: damaged files may claim any size.
constexpr hssize_t kMaxNumbers = 1 << 28;

extern "C" herr_t NoteVerifiedPair(hid_t, const char* name,
                                   const H5O_info_t* info, void* names) {
  const std::string path(name);
  const std::string tail = std::string("/") + kMatches;
  if (info->type == H5O_TYPE_DATASET && path.ends_with(tail)) {
    static_cast<std::set<std::string>*>(names)->insert(
        path.substr(0, path.size() - tail.size()));
  }
  return 0;
}

std::set<std::string> PairsOf(hid_t file, const std::string& path) {
  std::set<std::string> names;
  if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, NoteVerifiedPair, &names) <
      0) {
    throw InputError(path + ": is damaged (" + Hdf5Error() + ")");
  }
  return names;
}

template <typename Array>
bool WriteNumbers(hid_t group, const char* name,
                  const std::vector<hsize_t>& shape,
                  const std::optional<Array>& numbers) {
  return !numbers || WriteHdf5Data(group, name, shape, H5T_NATIVE_DOUBLE,
                                   H5T_IEEE_F64LE, numbers->data());
}

bool WritePair(hid_t group, const VerifiedPair& pair) {
  const auto count = static_cast<size_t>(pair.keypoints1);
  std::vector<int32_t> partners(count, -1);
  std::vector<float> weights(count, 0);
  std::vector<int8_t> inliers(count, 0);
  for (size_t k = 0; k < pair.matches.size(); ++k) {
    partners[pair.matches[k].first] = pair.matches[k].second;
    weights[pair.matches[k].first] = pair.weights[k];
  }
  for (const auto& [i, j] : pair.geometry.inliers) inliers[i] = 1;
  const auto two_view = static_cast<int32_t>(pair.geometry.configuration);
  std::optional<std::array<double, 9>> rotation;
  std::optional<std::array<double, 3>> translation;
  if (pair.geometry.pose) {
    rotation = pair.geometry.pose->rotation;
    translation = pair.geometry.pose->translation;
  }
  return WriteHdf5Data(group, kMatches, {count}, H5T_NATIVE_INT32,
                       H5T_STD_I32LE, partners.data()) &&
         WriteHdf5Data(group, kWeights, {count}, H5T_NATIVE_FLOAT,
                       H5T_IEEE_F32LE, weights.data()) &&
         WriteHdf5Data(group, kInliers, {count}, H5T_NATIVE_INT8, H5T_STD_I8LE,
                       inliers.data()) &&
         WriteHdf5Data(group, kTwoView, {1}, H5T_NATIVE_INT32, H5T_STD_I32LE,
                       &two_view) &&
         WriteNumbers(group, kFundamental, {3, 3}, pair.geometry.fundamental) &&
         WriteNumbers(group, kEssential, {3, 3}, pair.geometry.essential) &&
         WriteNumbers(group, kHomography, {3, 3}, pair.geometry.homography) &&
         WriteNumbers(group, kRotation, {3, 3}, rotation) &&
         WriteNumbers(group, kTranslation, {3}, translation);
}

class PairReader {
 public:
  PairReader(hid_t file, const std::string& name, const std::string& path)
      : group_(H5Gopen2(file, name.c_str(), H5P_DEFAULT)),
        where_(path + ": " + name) {
    if (!group_) throw Damaged();
  }

  VerifiedPair Read() const {
    const auto partners = All<int32_t>(kMatches, H5T_NATIVE_INT32);
    const auto weights = All<float>(kWeights, H5T_NATIVE_FLOAT);
    const auto inliers = All<int8_t>(kInliers, H5T_NATIVE_INT8);
    const auto two_view = All<int32_t>(kTwoView, H5T_NATIVE_INT32);
    if (weights.size() != partners.size() ||
        inliers.size() != partners.size() || two_view.size() != 1) {
      throw Damaged();
    }
    VerifiedPair pair;
    pair.keypoints1 = static_cast<int>(partners.size());
    pair.geometry.configuration = static_cast<ColmapConfiguration>(two_view[0]);
    for (size_t i = 0; i < partners.size(); ++i) {
      if (partners[i] < 0) continue;
      pair.matches.emplace_back(static_cast<int>(i), partners[i]);
      pair.weights.push_back(weights[i]);
      if (inliers[i] != 0) pair.geometry.inliers.push_back(pair.matches.back());
    }
    pair.geometry.fundamental = Numbers<9>(kFundamental);
    pair.geometry.essential = Numbers<9>(kEssential);
    pair.geometry.homography = Numbers<9>(kHomography);
    const auto rotation = Numbers<9>(kRotation);
    const auto translation = Numbers<3>(kTranslation);
    if (rotation && translation) pair.geometry.pose = {*rotation, *translation};
    return pair;
  }

 private:
  InputError Damaged() const {
    return InputError(where_ + " cannot be read (" + Hdf5Error() + ")");
  }

  template <typename T>
  std::vector<T> All(const char* name, hid_t type) const {
    const Hdf5Data dataset(H5Dopen2(group_.Id(), name, H5P_DEFAULT));
    if (!dataset) throw Damaged();
    const Hdf5Space space(H5Dget_space(dataset.Id()));
    const hssize_t count = H5Sget_simple_extent_npoints(space.Id());
    if (count < 0 || count > kMaxNumbers) throw Damaged();
    std::vector<T> data(count);
    if (count > 0 && H5Dread(dataset.Id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                             data.data()) < 0) {
      throw Damaged();
    }
    return data;
  }

  template <size_t N>
  std::optional<std::array<double, N>> Numbers(const char* name) const {
    if (H5Lexists(group_.Id(), name, H5P_DEFAULT) <= 0) return std::nullopt;
    const auto data = All<double>(name, H5T_NATIVE_DOUBLE);
    if (data.size() != N) throw Damaged();
    std::array<double, N> numbers{};
    std::copy(data.begin(), data.end(), numbers.begin());
    return numbers;
  }

  Hdf5Group group_;
  std::string where_;
};

void CheckMatches(const VerifiedPair& pair, const std::string& where) {
  int last = -1;
  for (const auto& [i, j] : pair.matches) {
    if (i <= last || i >= pair.keypoints1 || j < 0) {
      throw InputError(where + " has a match out of order or range");
    }
    last = i;
  }
  const bool among =
      std::includes(pair.matches.begin(), pair.matches.end(),
                    pair.geometry.inliers.begin(), pair.geometry.inliers.end());
  if (!among || pair.weights.size() != pair.matches.size()) {
    throw InputError(where + " has inliers or weights that are no matches");
  }
}

}  // namespace

struct VerifiedMatchFile::Impl {
  explicit Impl(const std::string& file_path)
      : path(file_path),
        file(file_path),
        pairs(PairsOf(file.Id(), file_path)) {}

  std::string path;
  JournaledHdf5 file;
  std::set<std::string> pairs;
};

VerifiedMatchFile::VerifiedMatchFile(
    const std::string& path,
    const std::map<std::string, std::string>& attributes) {
  CreateMissingHdf5(path, attributes);
  impl_ = std::make_unique<Impl>(path);
  CheckAttributes(path, ReadTextAttributes(impl_->file.Id()), attributes);
}

VerifiedMatchFile::~VerifiedMatchFile() = default;

bool VerifiedMatchFile::Has(const std::string& name1,
                            const std::string& name2) const {
  return impl_->pairs.contains(PairGroupName(name1, name2));
}

void VerifiedMatchFile::Add(const std::string& name1, const std::string& name2,
                            const VerifiedPair& pair) {
  SilenceHdf5();  // whatever thread this is
  const std::string name = PairGroupName(name1, name2);
  const std::string where = impl_->path + ": " + name;
  if (impl_->pairs.contains(name)) {
    throw InputError(where + " is there already");
  }
  CheckMatches(pair, where);
  const Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(links.Id(), 1);
  H5Pset_char_encoding(links.Id(), H5T_CSET_UTF8);
  bool done = false;
  {
    const Hdf5Group group(H5Gcreate2(impl_->file.Id(), name.c_str(), links.Id(),
                                     H5P_DEFAULT, H5P_DEFAULT));
    done = group && WritePair(group.Id(), pair);
  }
  if (!done) impl_->file.Fail(where + " cannot be written");
  impl_->file.Commit();
  impl_->pairs.insert(name);
}

VerifiedPair VerifiedMatchFile::Read(const std::string& name1,
                                     const std::string& name2) const {
  SilenceHdf5();
  const std::string name = PairGroupName(name1, name2);
  if (!impl_->pairs.contains(name)) {
    throw InputError(impl_->path + ": has no pair " + name);
  }
  return PairReader(impl_->file.Id(), name, impl_->path).Read();
}

std::string PairGroupName(const std::string& name1, const std::string& name2) {
  std::string first = name1, second = name2;
  std::replace(first.begin(), first.end(), '/', '-');
  std::replace(second.begin(), second.end(), '/', '-');
  return first + "/" + second;
}

}  // namespace tiepoint
