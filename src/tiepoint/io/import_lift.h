// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// The descriptor of LIFT (Yi et al., ECCV 2016) as its authors store it: an
// HDF5 file with the dataset "layers" (a code a layer: 1 convolution, 3 maximum
// and 4 L2 pooling, 5 tanh, 6 ReLU, 7 subtractive normalisation), of layer i,
// counted from 1, "l-i-weights" (out, in, k, k; correlated) and "l-i-bias", or
// "l-i-kw" and "l-i-kh", or "l-i-filter"; and the scalars "patch-mean",
// "patch-std". The patch has 64 x 64 pixels, half width 6 sigma; the descriptor
// is not normalised (DeepDesc's network). Throws InputError in one line naming
// the file when it is missing or damaged, or holds something else.
Model ReadLiftModel(const std::string& path);

}  // namespace tiepoint
