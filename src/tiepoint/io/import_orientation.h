// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// The files of one orientation network, in the order of its layers: what
// ReadOrientationModel reads of `path` (a folder, or any file in it).
std::vector<std::string> OrientationFiles(const std::string& path);

// The orientation network of Yi et al., "Learning to Assign Orientations to
// Feature Points" (CVPR 2016): a folder with NumPy files layer0_W.npy ...
// layer4_b.npy, input_mean.npy and input_std.npy, or any file of that folder.
// Three convolutions whose kernels are flipped (here they are turned to be
// correlated), each with a bias, ReLU and 2 x 2 maxima, and two linear layers
// with hinging hyperplanes. The model has
//  - the 0.7 with which the dropout behind the first linear layer is undone,
//  - the outputs as (cosine, sine), the order of NetworkOrientation,
//  - weights of usual size: every layer passes positive factors through, so
//    they can be chosen freely; the released outputs go up to 1e8.
// The patch: 28 x 28 pixels, half width 4 sigma, the keypoint at pixel 14.
// Throws InputError in one line naming the file that is missing or wrong.
Model ReadOrientationModel(const std::string& path);

}  // namespace tiepoint
