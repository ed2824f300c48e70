// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/match_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_attributes.h"
#include "tiepoint/io/hdf5_file.h"
#include "tiepoint/io/hdf5_numbers.h"

namespace tiepoint {
namespace {

using Pair = std::pair<std::string, std::string>;

constexpr char kMatches[] = "matches0";
constexpr char kScores[] = "matching_scores0";

extern "C" herr_t NotePair(hid_t, const char* name, const H5O_info_t* info,
                           void* pairs) {
  const std::string path(name);
  const std::string tail = std::string("/") + kMatches;
  if (info->type != H5O_TYPE_DATASET || !path.ends_with(tail)) return 0;
  const std::string group = path.substr(0, path.size() - tail.size());
  const size_t slash = group.find('/');
  if (slash != std::string::npos &&
      group.find('/', slash + 1) == std::string::npos) {
    static_cast<std::set<Pair>*>(pairs)->emplace(group.substr(0, slash),
                                                 group.substr(slash + 1));
  }
  return 0;
}

std::set<Pair> PairsOf(hid_t file, const std::string& path) {
  std::set<Pair> pairs;
  if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, NotePair, &pairs) < 0) {
    throw InputError(path + ": is damaged (" + Hdf5Error() + ")");
  }
  return pairs;
}

// Of the group, as it is written.
std::vector<PairMatch> ReadMatches(hid_t file, const std::string& path,
                                   const Pair& pair) {
  const std::string name = pair.first + "/" + pair.second;
  const std::string where = path + ": " + name;
  const Hdf5Group group(H5Gopen2(file, name.c_str(), H5P_DEFAULT));
  if (!group) throw UnreadableHdf5(where);
  const auto partners = ReadHdf5Numbers(group.Id(), kMatches, where);
  const auto scores = ReadHdf5Numbers(group.Id(), kScores, where);
  if (!partners || partners->shape.size() != 1) {
    throw WrongHdf5Shape(where + "/" + kMatches,
                         partners.value_or(Hdf5Numbers{}), "N");
  }
  const size_t count = partners->data.size();
  if (scores && (scores->shape.size() != 1 || scores->data.size() != count)) {
    throw WrongHdf5Shape(where + "/" + kScores, *scores, std::to_string(count));
  }
  std::vector<PairMatch> matches;
  for (size_t i = 0; i < count; ++i) {
    const float j = partners->data[i];
    // float32 holds integers up to 2^24 exactly.
    if (j < -1 || j >= (1 << 24) || j != std::floor(j)) {
      throw InputError(where + "/" + kMatches +
                       " holds a number that is no "
                       "index of a keypoint");
    }
    if (j < 0) continue;
    matches.push_back({static_cast<int>(i), static_cast<int>(j),
                       scores ? scores->data[i] : 1.0f});
  }
  return matches;
}

}  // namespace

std::string MatchFileName(const std::string& photograph) {
  std::string name = photograph;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

struct MatchFile::Impl {
  std::string path;
  Hdf5File file;
  std::vector<Pair> pairs;  // sorted
};

MatchFile::MatchFile(const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->file = OpenHdf5ToRead(path);
  const std::set<Pair> pairs = PairsOf(impl_->file.Id(), path);
  impl_->pairs.assign(pairs.begin(), pairs.end());
}

MatchFile::~MatchFile() = default;

const std::vector<Pair>& MatchFile::Pairs() const { return impl_->pairs; }

std::optional<std::vector<PairMatch>> MatchFile::Find(
    const std::string& first, const std::string& second) const {
  const Pair pair(MatchFileName(first), MatchFileName(second));
  const auto& pairs = impl_->pairs;
  if (std::binary_search(pairs.begin(), pairs.end(), pair)) {
    return ReadMatches(impl_->file.Id(), impl_->path, pair);
  }
  const Pair turned(pair.second, pair.first);
  if (!std::binary_search(pairs.begin(), pairs.end(), turned)) {
    return std::nullopt;
  }
  std::vector<PairMatch> matches =
      ReadMatches(impl_->file.Id(), impl_->path, turned);
  for (PairMatch& match : matches) std::swap(match.i, match.j);
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return std::pair(a.i, a.j) < std::pair(b.i, b.j);
  });
  return matches;
}

struct MatchFileWriter::Impl {
  explicit Impl(const std::string& file_path)
      : path(file_path),
        file(file_path),
        pairs(PairsOf(file.Id(), file_path)) {}

  std::string path;
  JournaledHdf5 file;
  std::set<Pair> pairs;
};

MatchFileWriter::MatchFileWriter(
    const std::string& path,
    const std::map<std::string, std::string>& attributes) {
  CreateMissingHdf5(path, attributes);
  impl_ = std::make_unique<Impl>(path);
  CheckAttributes(path, ReadTextAttributes(impl_->file.Id()), attributes);
}

MatchFileWriter::~MatchFileWriter() = default;

bool MatchFileWriter::Has(const std::string& first,
                          const std::string& second) const {
  const std::string a = MatchFileName(first), b = MatchFileName(second);
  return impl_->pairs.contains({a, b}) || impl_->pairs.contains({b, a});
}

void MatchFileWriter::Add(const std::string& first, const std::string& second,
                          int keypoints,
                          const std::vector<PairMatch>& matches) {
  SilenceHdf5();
  const Pair pair(MatchFileName(first), MatchFileName(second));
  const std::string name = pair.first + "/" + pair.second;
  const std::string where = impl_->path + ": " + name;
  if (Has(first, second)) throw InputError(where + " is there already");
  std::vector<int32_t> partners(keypoints, -1);
  std::vector<float> scores(keypoints, 0);
  for (const PairMatch& match : matches) {
    if (match.i < 0 || match.i >= keypoints || match.j < 0 ||
        partners[match.i] >= 0) {
      throw InputError(where +
                       ": a match of a keypoint that does not exist, or "
                       "two of one");
    }
    partners[match.i] = match.j;
    scores[match.i] = match.score;
  }
  const Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(links.Id(), 1);
  H5Pset_char_encoding(links.Id(), H5T_CSET_UTF8);
  bool done = false;
  {
    const Hdf5Group group(H5Gcreate2(impl_->file.Id(), name.c_str(), links.Id(),
                                     H5P_DEFAULT, H5P_DEFAULT));
    const std::vector<hsize_t> shape{static_cast<hsize_t>(keypoints)};
    done = group &&
           WriteHdf5Data(group.Id(), kMatches, shape, H5T_NATIVE_INT32,
                         H5T_STD_I32LE, partners.data()) &&
           WriteHdf5Floats(group.Id(), kScores, shape, scores);
  }
  if (!done) impl_->file.Fail(where + " cannot be written");
  impl_->file.Commit();
  impl_->pairs.insert(pair);
}

}  // namespace tiepoint
