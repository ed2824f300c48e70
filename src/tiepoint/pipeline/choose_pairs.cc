// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/choose_pairs.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/matching/descriptor_index.h"

namespace tiepoint {
namespace {

// Above this many descriptors comparing all of them takes longer than graphs.
constexpr int64_t kLargestExactIndex = 400'000;
// Neighbours of the own photograph come first and are passed over: so many more
// are asked for.
constexpr int kOwn = 6;

DescriptorMatrix Strongest(const DescriptorMatrix& all, int count) {
  DescriptorMatrix some{std::min(count, all.rows), all.cols, {}};
  some.data.assign(all.data.begin(),
                   all.data.begin() + static_cast<ptrdiff_t>(some.rows) *
                                          static_cast<ptrdiff_t>(some.cols));
  return some;
}

// What each photograph gets from the descriptors of photograph `self`.
std::vector<double> Votes(int self, const DescriptorMatrix& descriptors,
                          const DescriptorIndex& index,
                          const std::vector<int>& owner, int count,
                          int neighbours) {
  std::vector<double> votes(count, 0);
  const int wanted = neighbours + kOwn;
  const std::vector<Neighbour> found = index.Search(descriptors, wanted);
  for (int d = 0; d < descriptors.rows; ++d) {
    std::set<int> voted;
    int used = 0;
    for (int k = 0; k < wanted && used < neighbours; ++k) {
      const Neighbour& near = found[static_cast<size_t>(d) * wanted + k];
      if (near.row < 0) break;
      const int other = owner[near.row];
      if (other == self) continue;
      ++used;
      if (voted.insert(other).second) votes[other] += 1.0 / used;
    }
  }
  return votes;
}

}  // namespace

std::vector<PhotographPair> AllPairs(int count) {
  return SequentialPairs(count, count);
}

std::vector<PhotographPair> SequentialPairs(int count, int overlap) {
  std::vector<PhotographPair> pairs;
  for (int i = 0; i < count; ++i) {
    const int last = std::min<int64_t>(count - 1, int64_t{i} + overlap);
    for (int j = i + 1; j <= last; ++j) pairs.emplace_back(i, j);
  }
  return pairs;
}

std::vector<PhotographPair> RetrievalPairs(
    int count, const std::function<FeatureSet(int)>& features,
    const RetrievalOptions& options) {
  std::vector<DescriptorMatrix> descriptors(count);
  std::vector<int> owner;
  for (int i = 0; i < count; ++i) {
    CheckInterrupt();
    descriptors[i] = Strongest(features(i).descriptors, options.descriptors);
    owner.insert(owner.end(), descriptors[i].rows, i);
  }
  DescriptorIndexOptions how;
  if (static_cast<int64_t>(owner.size()) > kLargestExactIndex) {
    how.kind = DescriptorIndexOptions::Kind::kGraph;
  }
  DescriptorIndex index(how);
  for (const DescriptorMatrix& matrix : descriptors) {
    if (matrix.rows > 0) index.Add(matrix);
  }
  if (owner.empty()) return {};
  index.Build();

  std::set<PhotographPair> pairs;
  for (int i = 0; i < count; ++i) {
    CheckInterrupt();
    if (descriptors[i].rows == 0) continue;
    const std::vector<double> votes =
        Votes(i, descriptors[i], index, owner, count, options.neighbours);
    std::vector<int> order;
    for (int j = 0; j < count; ++j) {
      if (j != i && votes[j] > 0) order.push_back(j);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return votes[a] > votes[b]; });
    if (std::ssize(order) > options.partners) order.resize(options.partners);
    for (const int j : order) pairs.insert(std::minmax(i, j));
  }
  return {pairs.begin(), pairs.end()};
}

std::vector<PhotographPair> ReadPairs(const std::string& path,
                                      const std::vector<std::string>& names) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path)) {
    throw InputError(path + ": cannot be opened for reading");
  }
  std::map<std::string, int> index;
  for (size_t i = 0; i < names.size(); ++i) {
    index.emplace(names[i], static_cast<int>(i));
  }
  std::set<PhotographPair> pairs;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    const std::string where = path + ":" + std::to_string(++number) + ": ";
    std::istringstream words(line);
    std::string first, second, more;
    if (!(words >> first) || first[0] == '#') continue;
    if (!(words >> second) || words >> more) {
      throw InputError(where + "is not two names of photographs");
    }
    for (const std::string& name : {first, second}) {
      if (!index.contains(name)) {
        throw InputError(where + "no photograph " + name);
      }
    }
    if (first == second) {
      throw InputError(where + "a photograph has no pair with itself");
    }
    pairs.insert(std::minmax(index[first], index[second]));
  }
  if (pairs.empty()) throw InputError(path + ": holds no pairs");
  return {pairs.begin(), pairs.end()};
}

}  // namespace tiepoint
