// SPDX-License-Identifier: Apache-2.0
// Features of many photographs: while one is worked on, the next is read and
// the last is written.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/pipeline/preset.h"

namespace tiepoint {

struct ExtractManyOptions {
  int max_image_size = 0;  // ReadOptions
  int max_keypoints = 2048;
  // Else one after the other on the calling thread.
  bool overlap = true;
};

struct ExtractedPhotograph {
  int index = 0;                       // among the paths
  std::optional<FeatureSet> features;  // nothing: it cannot be used, because:
  std::string error;                   // one line that names it
};

// Extract for every path. `begin(i)` is called on the calling thread before
// photograph i is worked on; `done` in the order of the paths, on one thread at
// a time, maybe another one. What was extracted is handed to `done` even when
// the work is interrupted. All that is held at a time, with what was read
// ahead, stays within steps.memory; a photograph that needs more alone has an
// error. Throws Interrupted, and what `done` throws, after all threads have
// stopped.
void ExtractMany(const std::vector<std::string>& paths, const Steps& steps,
                 const ExtractManyOptions& options,
                 const std::function<void(int)>& begin,
                 const std::function<void(const ExtractedPhotograph&)>& done);

}  // namespace tiepoint
