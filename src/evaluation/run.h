// SPDX-License-Identifier: Apache-2.0
// Runs a protocol: every method on every item, each measured once.
#pragma once

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
  // protocol settings, feature settings and photographs are the same.
  std::string cache;
  // The worst items of each method that are drawn.
  int pictures = 0;
  // done, total, what is worked on.
  std::function<void(int, int, const std::string&)> progress;
};

// SIFT features come twice: as OpenCV gives them and with the shift undone.
ProtocolResult RunProtocol(
    const Protocol& protocol,
    const std::vector<std::unique_ptr<FeatureSource>>& sources,
    const RunOptions& options);

// One number of a table.
struct Cell {
  double value = kUndefined;  // mean over the runs
  double spread = 0;          // standard deviation over the runs
  int runs = 0;
  int items = 0;  // with a defined value
};

// Of one method and column over the items that `chosen` accepts.
Cell Summarize(const ProtocolResult& result, const MethodResult& method,
               const Column& column,
               const std::function<bool(const Item&)>& chosen);

// Method minus `baseline`, paired by item, with a bootstrap interval over the
// items that have both (mean over runs).
Interval Compare(const ProtocolResult& result, const MethodResult& method,
                 const MethodResult& baseline, const Column& column,
                 const std::function<bool(const Item&)>& chosen, uint64_t seed);

// Distinct sets and (set, sequence) pairs in order of appearance.
std::vector<std::string> SetsOf(const ProtocolResult& result);

}  // namespace tiepoint
