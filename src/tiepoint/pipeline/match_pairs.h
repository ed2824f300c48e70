// SPDX-License-Identifier: Apache-2.0
// Matches of many pairs of photographs whose features are in one file.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/match_file.h"
#include "tiepoint/pipeline/choose_pairs.h"
#include "tiepoint/pipeline/verify_pair.h"

namespace tiepoint {

// Features of a file that were used last are kept in memory; not thread-safe.
class FeatureCache {
 public:
  // `bytes`: of those that are kept beside the ones in use.
  FeatureCache(const FeatureFile& file, std::vector<std::string> names,
               int64_t bytes = int64_t{1} << 29);
  // Of names[i], in the order of the file, which match files count in. Throws
  // InputError when the file has no such photograph.
  std::shared_ptr<const FeatureSet> Of(int i);

 private:
  struct Entry {
    std::shared_ptr<const FeatureSet> features;
    std::list<int>::iterator place;
  };
  const FeatureFile& file_;
  std::vector<std::string> names_;
  int64_t limit_, held_ = 0;
  std::list<int> order_;  // the one used last is first
  std::map<int, Entry> kept_;
};

struct MatchPairsTask {
  std::vector<std::string> names;      // of the photographs
  std::vector<PinholeCamera> cameras;  // one a photograph
  std::vector<bool> focal_known;       // one a photograph
  std::vector<PhotographPair> pairs;
  const CorrespondenceClassifier* classifier = nullptr;
  VerifyOptions verify;
  // Told of each pair, in order, after it was added to the file: its place
  // among the pairs that were missing, their number, and what was found.
  std::function<void(int done, int total, PhotographPair, const MatchedPair&)>
      done;
};

// The pairs that the file lacks, or whose geometry was estimated with other
// cameras.
std::vector<PhotographPair> MissingPairs(const MatchPairsTask& task,
                                         const MatchFileWriter& matches);

// Matches the missing pairs, several at a time, and adds them in
// order. Throws Interrupted; what was added stays.
void MatchPairs(const MatchPairsTask& task, FeatureCache& features,
                MatchFileWriter& matches);

}  // namespace tiepoint
