// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tiepoint/network/filter_bank.h"
#include "tiepoint/network/model_file.h"

namespace tiepoint {

// A detector of one convolution with large kernels and a GHH, by Fourier
// transforms, quicker than oneDNN's convolution for kernels as large as LIFT's.
class DenseFilters {
 public:
  static bool Fits(const NetworkSpec& spec);
  // Of a model that fits.
  explicit DenseFilters(const Model& model);

  // Rows and columns of one tile's map.
  int ResultSide() const { return bank_.ResultSide(); }

  // The dense map of shape `out` of a plane that is width x height.
  std::vector<float> Run(const float* plane, int width, int height,
                         const Shape& out) const;

 private:
  FilterBank::Hinges hinges_;
  FilterBank bank_;
};

}  // namespace tiepoint
