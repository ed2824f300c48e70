// SPDX-License-Identifier: Apache-2.0
// Published numbers of the benchmark that protocol "sfm" follows, to be printed
// beside ours: table 3 of Schoenberger, Hardmeier, Sattler, Pollefeys:
// Comparative Evaluation of Hand-Crafted and Learned Local Features (CVPR
// 2017), in the form that the talk shows.
#pragma once

#include <string>
#include <vector>

#include "evaluation/protocol.h"

namespace tiepoint {

// One method on one set. kUndefined where nothing is printed. Thousands (`_k`)
// are as printed; so are counts of pairs, which are rounded in large sets.
struct TalkRow {
  const char* set;
  const char* method;
  double images, registered, points, observations_k, track_length,
      reprojection_error, inlier_pairs, inlier_matches_k, dense_points_k,
      position_mean, position_median,  // metres
      dense_2cm, dense_10cm;           // share of dense points
  bool uncertain;                      // some numbers were hard to read
};

const std::vector<TalkRow>& TalkTable();

// The rows of the set that a scene belongs to: letters and digits of the
// scene's name begin with those of the set's ("fountain-P11" is Fountain).
// Empty for scenes that the table does not have.
std::vector<TalkRow> TalkRows(const std::string& scene);

// The rows as methods ("paper: SIFT") on the items of protocol "sfm", with the
// series of its columns; items without a row have no numbers. Empty when no
// item has any.
std::vector<MethodResult> TalkMethods(const std::vector<Item>& items);

// The rows of a scene as aligned text with a line of titles and the note below;
// empty when there are none. Uncertain rows are marked with "?".
std::string TalkText(const std::string& scene);

// What may be compared with these numbers, and what not.
std::string TalkNote();

}  // namespace tiepoint
