// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// The regressor of TILDE: generalised hinging hyperplanes,
//   F = sum over n of (-1, +1, -1, +1, ...)_n
//       max over m of (filter_nm . window + bias_nm).
// The signs are the opposite of LayerSpec::kGhh's.
struct TildeFilters {
  // The picture is resized by this factor first.
  double resize_ratio = 1;
  int sums = 4;      // n
  int maxes = 4;     // m
  int channels = 6;  // 6: GradLuv; 1: gray, 0..255
  int size = 21;     // pixels a side of the window, odd
  // (n, m, channel, row, column), correlated with the channels as they are;
  // what files leave out (a factor of 441) is in them already.
  std::vector<double> filters;
  std::vector<double> bias;  // (n, m)

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// The filters of a model of the architecture "tilde" (`tiepoint train tilde`):
// conv.weight (16, 6, 21, 21), conv.bias, then kGhh, whose signs begin with +.
// Throws InputError for another model.
TildeFilters TildeFiltersOf(const Model& model);

}  // namespace tiepoint
