// SPDX-License-Identifier: Apache-2.0
// One network that gives a keypoint both its angle and its descriptor, from one
// upright log-polar patch (Ebel et al., ICCV 2019, for the patch; that both
// share their layers is ours).
//
//   patch -> trunk -> map C x H x W, whose W columns are directions, 2 pi x / W
//                     from the patch's own
//            map -> orientation -> (cos, sin), the angle a = atan2(sin, cos)
//            map turned by a -> descriptor -> D numbers of unit length
//
// A turn of the photograph moves the columns of the patch, and, as every layer
// of the trunk wraps around, those of the map. So the descriptor of a keypoint
// at an angle is that of the map whose columns are moved by the angle
// (TurnColumns): one patch and one trunk serve both, and another angle of the
// same keypoint costs the descriptor's layers alone.
#pragma once

#include <string>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

struct OrientedModel {
  // The trunk has the input normalisation and all notes, the geometry of the
  // patch included; the others begin with its output.
  Model trunk, orientation, descriptor;
};

// Throws InputError in one line when the parts do not fit together: the input
// of both must be the trunk's output, orientation ends with 2 numbers.
void CheckOrientedModel(const OrientedModel& model);

// Whether a weights file holds one: false for everything else.
bool IsOrientedFile(const std::string& path);

// Throw InputError in one line: no such file, damaged, another kind of network,
// tensors that are missing or of another shape.
OrientedModel ReadOrientedModel(const std::string& path);
void WriteOrientedModel(const std::string& path, const OrientedModel& model,
                        bool half = false);

// Of one patch: angle and descriptor.
double MultiplyAdds(const OrientedModel& model);

// A turn by `angle` (radians) moves the columns of a map: column x of the
// result lies between the columns (first + x) mod width and the next, of which
// it is `left` and `right`.
struct ColumnMove {
  ColumnMove(int width, float angle);
  int first;
  float left, right;
};

// out(c, y, x) = in(c, y, x + angle W / (2 pi)), columns wrapping around,
// linear between two columns: what `in` would be of a patch whose own angle is
// `angle` (radians). Both C x H x W; `out` is not `in`.
void TurnColumns(const Shape& shape, const float* in, float angle, float* out);

}  // namespace tiepoint
