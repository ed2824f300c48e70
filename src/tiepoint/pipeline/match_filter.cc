// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/match_filter.h"

#include <algorithm>
#include <array>

#include "tiepoint/base/error.h"
#include "tiepoint/matching/gms.h"

namespace tiepoint {
namespace {

constexpr std::array kFilters = {MatchFilter::kNone, MatchFilter::kRatio,
                                 MatchFilter::kGms, MatchFilter::kLearned};

std::vector<float> GmsWeights(const FilterInput& input,
                              const std::vector<Match>& all) {
  std::vector<float> weights(all.size(), 0.0f);
  size_t next = 0;  // FilterGms keeps the order
  for (const Match& kept : FilterGms(*input.first, *input.second, all,
                                     {.rotation = true, .scale = true})) {
    while (!(all[next].i == kept.i)) ++next;
    weights[next] = 1;
  }
  return weights;
}

}  // namespace

MatchFilter ParseMatchFilter(const std::string& name) {
  std::string names;
  for (const MatchFilter filter : kFilters) {
    if (name == Name(filter)) return filter;
    names += std::string(names.empty() ? "" : ", ") + Name(filter);
  }
  throw InputError("no filter of matches \"" + name + "\"; there are " + names);
}

const char* Name(MatchFilter filter) {
  switch (filter) {
    case MatchFilter::kNone:
      return "none";
    case MatchFilter::kRatio:
      return "ratio";
    case MatchFilter::kGms:
      return "gms";
    case MatchFilter::kLearned:
      return "learned";
  }
  return "";
}

int FilteredMatches::NumKept() const {
  return static_cast<int>(std::count_if(weights.begin(), weights.end(),
                                        [](float w) { return w > 0; }));
}

std::vector<double> ClassifyWithout(const FilterInput& input,
                                    const std::vector<Match>& matches,
                                    std::span<const int> left_out) {
  std::vector<bool> out(matches.size());
  for (const int k : left_out) out[k] = true;
  std::vector<Match> rest;
  std::vector<size_t> places;
  for (size_t k = 0; k < matches.size(); ++k) {
    if (out[k]) continue;
    rest.push_back(matches[k]);
    places.push_back(k);
  }
  std::vector<double> weights(matches.size());
  const Classification seen = input.classifier->Classify(
      *input.first, *input.second, rest, input.camera1, input.camera2);
  for (size_t k = 0; k < rest.size(); ++k) weights[places[k]] = seen.weights[k];
  return weights;
}

FilteredMatches MatchAndFilter(MatchFilter filter, const FilterInput& input) {
  const DescriptorMatrix& first = input.first->descriptors;
  const DescriptorMatrix& second = input.second->descriptors;
  FilteredMatches result;
  if (filter == MatchFilter::kNone || filter == MatchFilter::kRatio) {
    result.matches = MatchDescriptors(first, second);
    for (const Match& match : result.matches) {
      const bool kept = filter == MatchFilter::kNone ||
                        match.ratio <= static_cast<float>(input.max_ratio);
      result.weights.push_back(kept ? 1.0f : 0.0f);
    }
    return result;
  }
  if (filter == MatchFilter::kLearned) {
    result.matches = MatchMutually(first, second);
    result.weights = input.classifier
                         ->Classify(*input.first, *input.second, result.matches,
                                    input.camera1, input.camera2)
                         .weights;
    return result;
  }
  const std::vector<Match> all = MatchBothWays(first, second);
  const std::vector<float> weights = GmsWeights(input, all);
  for (size_t k = 0; k < all.size(); ++k) {
    if (!all[k].mutual) continue;
    result.matches.push_back(all[k]);
    result.weights.push_back(weights[k]);
  }
  return result;
}

}  // namespace tiepoint
