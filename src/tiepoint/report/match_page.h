// SPDX-License-Identifier: Apache-2.0
// The page of `tiepoint view`.
#pragma once

#include <string>
#include <vector>

namespace tiepoint {

struct MatchPageInput {
  std::string json;  // of `tiepoint match` (docs/conventions.md)
  std::string name;  // of that file, for errors
  // The files of both photographs, as they are: JPEG, PNG, WebP (what browsers
  // show).
  std::vector<std::string> photographs;
  std::string home{};  // address of a page that leads to others; empty: none
};

// The paths of both photographs as the JSON has them. Throws InputError, with
// the name and the key, when it is not the JSON of a match: types, lengths, and
// what indices point at.
std::vector<std::string> PhotographsOf(const MatchPageInput& input);

// One self-contained HTML file: both photographs with zoom and move, keypoints
// with scale and orientation, matches coloured by weight, the epipolar line of
// the point under the cursor, sliders for weight and similarity; light and
// dark, mouse, touch and keyboard. Throws InputError as PhotographsOf, and for
// a photograph of a kind that browsers do not show.
std::string MatchPage(const MatchPageInput& input);

}  // namespace tiepoint
