// SPDX-License-Identifier: Apache-2.0
// Runs a protocol: every method on every item, each measured once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/protocol.h"
#include "evaluation/statistics.h"

namespace tiepoint {

struct RunOptions {
  // Folder that keeps measurements between runs (the same one as the features);
  // empty: nothing is kept. A measurement is taken from it only when program,
  // protocol settings, feature settings and photographs are the same
  // (measurement_memo.h).
  std::string cache;
  // The worst items of each method that are drawn.
  int pictures = 0;
  // done, total, what is worked on (empty at the end).
  std::function<void(int, int, const std::string&)> progress;
};

// The methods are the sources, each times Protocol::Variants; a source with
// HasSiftShift is followed by the same features with the shift undone
// ("rootsift -0.25"). A source is measured once on an item, for all variants: a
// series belongs to the variant with the longest prefix that it begins with,
// and loses the prefix; one that begins with no variant's prefix belongs to
// all of them.
//
// Stops with Interrupted between items; what was measured is in the cache then.
// Throws what Protocol::Measure throws.
ProtocolResult RunProtocol(
    const Protocol& protocol,
    const std::vector<std::unique_ptr<FeatureSource>>& sources,
    const RunOptions& options);

// Which items count; an empty function takes all.
using ItemFilter = std::function<bool(const Item&)>;

// One number of a table.
struct Cell {
  double value = kUndefined;  // mean over the runs
  // Standard deviation over the runs (of a sample, n - 1); 0 for one run or
  // when a run is not finite.
  double spread = 0;
  int runs = 0;
  int items = 0;  // with a defined value in some run
};

// Of one method and column over the chosen items: Column::summarize of each
// run's defined values, then the mean over the runs. An item with one run (no
// randomness in it) counts in every run. kUndefined when no item has a value.
Cell Summarize(const ProtocolResult& result, const MethodResult& method,
               const Column& column, const ItemFilter& chosen);

// Method minus `baseline`, paired: only items where both have a value, and each
// resample draws the same items for both. The number is the difference of the
// two cells' values (means over the runs) on those items; two infinities of one
// sign differ by 0. All three are kUndefined when no item has both or the
// estimate is not finite; one item has no interval.
Interval Compare(const ProtocolResult& result, const MethodResult& method,
                 const MethodResult& baseline, const Column& column,
                 const ItemFilter& chosen, uint64_t seed);

// Distinct sets in order of appearance.
std::vector<std::string> SetsOf(const ProtocolResult& result);

}  // namespace tiepoint
