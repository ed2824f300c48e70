// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/match_file.h"

#include <algorithm>
#include <set>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_attributes.h"
#include "tiepoint/io/hdf5_file.h"
#include "tiepoint/io/match_group.h"

namespace tiepoint {
namespace {

MatchGroupName GroupOf(const std::string& first, const std::string& second) {
  return {MatchFileName(first), MatchFileName(second)};
}

MatchedPair Turned(MatchedPair pair) {
  for (PairMatch& match : pair.matches) std::swap(match.i, match.j);
  std::sort(pair.matches.begin(), pair.matches.end(),
            [](const auto& a, const auto& b) {
              return std::pair(a.i, a.j) < std::pair(b.i, b.j);
            });
  if (pair.geometry) pair.geometry = Turned(*pair.geometry);
  if (pair.cameras) std::swap(pair.cameras->first, pair.cameras->second);
  return pair;
}

std::optional<MatchedPair> FindIn(hid_t file, const std::string& path,
                                  const std::set<MatchGroupName>& groups,
                                  const MatchGroupName& name) {
  SilenceHdf5();  // whatever thread this is
  if (groups.contains(name)) return ReadMatchGroup(file, path, name);
  const MatchGroupName turned(name.second, name.first);
  if (!groups.contains(turned)) return std::nullopt;
  return Turned(ReadMatchGroup(file, path, turned));
}

}  // namespace

std::string MatchFileName(const std::string& photograph) {
  std::string name = photograph;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

std::vector<std::pair<int, int>> IndicesOf(
    const std::vector<PairMatch>& matches) {
  std::vector<std::pair<int, int>> indices;
  indices.reserve(matches.size());
  for (const PairMatch& match : matches) indices.emplace_back(match.i, match.j);
  return indices;
}

struct MatchFile::Impl {
  std::string path;
  Hdf5File file;
  std::set<MatchGroupName> groups;
  std::vector<MatchGroupName> pairs;  // the same, sorted
};

MatchFile::MatchFile(const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->file = OpenHdf5ToRead(path);
  impl_->groups = FindMatchGroups(impl_->file.Id(), path);
  impl_->pairs.assign(impl_->groups.begin(), impl_->groups.end());
}

MatchFile::~MatchFile() = default;

const std::vector<MatchGroupName>& MatchFile::Pairs() const {
  return impl_->pairs;
}

std::optional<MatchedPair> MatchFile::Find(const std::string& first,
                                           const std::string& second) const {
  return FindIn(impl_->file.Id(), impl_->path, impl_->groups,
                GroupOf(first, second));
}

struct MatchFileWriter::Impl {
  explicit Impl(const std::string& file_path)
      : path(file_path),
        file(file_path),
        groups(FindMatchGroups(file.Id(), file_path)) {}

  std::string path;
  JournaledHdf5 file;
  std::set<MatchGroupName> groups;
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
  const MatchGroupName name = GroupOf(first, second);
  return impl_->groups.contains(name) ||
         impl_->groups.contains({name.second, name.first});
}

void MatchFileWriter::Add(const std::string& first, const std::string& second,
                          int keypoints, const MatchedPair& pair) {
  SilenceHdf5();
  const MatchGroupName name = GroupOf(first, second);
  const std::string where = impl_->path + ": " + name.first + "/" + name.second;
  if (Has(first, second)) throw InputError(where + " is there already");
  if (!WriteMatchGroup(impl_->file.Id(), impl_->path, name, keypoints, pair)) {
    impl_->file.Fail(where + " cannot be written");
  }
  impl_->file.Commit();
  impl_->groups.insert(name);
}

std::optional<MatchedPair> MatchFileWriter::Find(
    const std::string& first, const std::string& second) const {
  return FindIn(impl_->file.Id(), impl_->path, impl_->groups,
                GroupOf(first, second));
}

std::optional<PairCameras> MatchFileWriter::FindCameras(
    const std::string& first, const std::string& second) const {
  SilenceHdf5();
  const hid_t file = impl_->file.Id();
  const MatchGroupName name = GroupOf(first, second);
  if (impl_->groups.contains(name)) {
    return ReadMatchCameras(file, impl_->path, name);
  }
  const MatchGroupName turned(name.second, name.first);
  if (!impl_->groups.contains(turned)) return std::nullopt;
  auto cameras = ReadMatchCameras(file, impl_->path, turned);
  if (cameras) std::swap(cameras->first, cameras->second);
  return cameras;
}

void MatchFileWriter::Remove(const std::string& first,
                             const std::string& second) {
  SilenceHdf5();
  MatchGroupName name = GroupOf(first, second);
  if (!impl_->groups.contains(name)) std::swap(name.first, name.second);
  const std::string group = name.first + "/" + name.second;
  const std::string where = impl_->path + ": " + group;
  if (!impl_->groups.contains(name)) throw InputError(where + " is not there");
  if (H5Ldelete(impl_->file.Id(), group.c_str(), H5P_DEFAULT) < 0) {
    impl_->file.Fail(where + " cannot be removed");
  }
  impl_->file.Commit();
  impl_->groups.erase(name);
}

}  // namespace tiepoint
