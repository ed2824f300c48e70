// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/features/tilde_filters.h"

namespace tiepoint {

// TILDE's filters as mixtures of a few products of a column and a row, a set
// for each channel (Sironi, Tekin, Rigamonti, Lepetit, Fua: "Learning Separable
// Filters", PAMI 2015; spec/TILDE "approximated"): two 1-D correlations for
// each instead of one of 21 x 21 for each filter.
struct SeparableTilde {
  double resize_ratio = 1;
  int sums = 4, maxes = 4, channels = 6, size = 21;
  int rank = 4;  // products a channel
  // (channel, product, {vertical, horizontal}, size), each of unit length.
  std::vector<double> lines;
  std::vector<double> coefficients;  // (filter, channel, product)
  std::vector<double> bias;          // (filter)

  // Empty when usable, else one sentence.
  std::string Validate() const;
};

// The 16 filters of a channel as sum over k of c_fk v_k h_k^T: canonical
// decomposition of the 16 x size x size tensor by alternating least squares,
// the best of a few starts drawn from `seed`; the coefficients are the least
// squares ones of the products found.
SeparableTilde SeparateTilde(const TildeFilters& filters, int rank,
                             uint64_t seed = 0);

TildeFilters DenseTilde(const SeparableTilde& separable);

// |a - b| / |a| over all weights (biases left out).
double RelativeDifference(const TildeFilters& a, const TildeFilters& b);

}  // namespace tiepoint
