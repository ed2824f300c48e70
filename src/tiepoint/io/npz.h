// SPDX-License-Identifier: Apache-2.0
// Features of one photograph as a NumPy archive (numpy.load gives a
// dictionary).
#pragma once

#include <string>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// The bytes of an archive, not compressed, the same for the same features:
//   keypoints    N x 2 float32: x, y, centre of the first pixel (0, 0)
//   scales       N float32, sigma in pixels
//   oris         N float32, radians from +x toward +y
//   scores       N float32
//   descriptors  N x D float32, one a row
//   image_size   2 int64: width, height
// Nothing is lost. Throws InputError when there is no memory for it.
std::string NpzContent(const FeatureSet& features);

// The way back; only keypoints have to be there, others are as FeatureFile has
// them. Compressed archives are read, too. `where`: the file's name, for
// messages. Throws InputError for files that are truncated or no archives, for
// arrays of the wrong shape or type (npy.h) and numbers that are not finite.
FeatureSet ParseNpz(const std::string& content, const std::string& where);

}  // namespace tiepoint
