// SPDX-License-Identifier: Apache-2.0
// Which pairs of photographs are worth matching.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Indices of photographs, the smaller first. All functions here give each pair
// once, in increasing order.
using PhotographPair = std::pair<int, int>;

std::vector<PhotographPair> AllPairs(int count);

// Each photograph with the `overlap` ones after it (in the order of the names:
// frames of a video, a walk around a building).
std::vector<PhotographPair> SequentialPairs(int count, int overlap);

struct RetrievalOptions {
  int partners = 20;      // chosen by each photograph
  int descriptors = 400;  // the strongest of each photograph take part
  int neighbours = 10;    // nearest descriptors of others that get a vote
};

// Each photograph with those that look most like it: every one of its
// descriptors votes, once each, for the photographs that its nearest neighbours
// among the descriptors of all others belong to (matching/descriptor_index.h);
// the nearer, the more. Ties go to the lower index. A pair is there when either
// of the two chose the other. `features(i)` is called in order, once for each
// photograph. Deterministic, whatever the number of threads.
std::vector<PhotographPair> RetrievalPairs(
    int count, const std::function<FeatureSet(int)>& features,
    const RetrievalOptions& options = {});

// Two names a line; blank lines and those that begin with # are passed over.
// Throws InputError, with the number of the line, for a file that cannot be
// read, other numbers of names, names that are not among `names` and pairs of a
// photograph with itself. Names with blanks cannot be given.
std::vector<PhotographPair> ReadPairs(const std::string& path,
                                      const std::vector<std::string>& names);

}  // namespace tiepoint
