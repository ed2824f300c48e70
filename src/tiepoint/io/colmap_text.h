// SPDX-License-Identifier: Apache-2.0
// COLMAP's text files: features for `colmap feature_importer`, matches for
// `colmap matches_importer`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// "N 128", then a line a keypoint: x y scale orientation and 128 bytes
// (sift_bytes.h); the centre of the first pixel is (0.5, 0.5), angles are
// radians as ours. Numbers are float32 in full. COLMAP wants 128 bytes whatever
// there is: descriptors without columns become zeros. Throws InputError for
// other lengths than 128 and 0.
std::string ColmapFeatureText(const FeatureSet& features);

// The way back; scores are 0, the image's size is not known (0 x 0). `where`:
// the file's name, for messages. Throws InputError for files that are
// truncated, have other lengths than 128, bytes outside 0 .. 255 or numbers
// that are not finite.
FeatureSet ParseColmapFeatureText(const std::string& text,
                                  const std::string& where);

// A block of a match list (--match_type raw): the two names, a line a match,
// an empty line. Throws InputError for names with white space, at which COLMAP
// would part them.
std::string ColmapMatchText(const std::string& first, const std::string& second,
                            const std::vector<std::pair<int, int>>& matches);

}  // namespace tiepoint
