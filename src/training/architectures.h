// SPDX-License-Identifier: Apache-2.0
// The networks that Tiepoint trains, by name.
#pragma once

#include <string>
#include <vector>

#include "tiepoint/image/patch.h"
#include "tiepoint/network/oriented_model.h"

namespace tiepoint {

// An untrained model: spec, input normalisation, patch geometry in its notes;
// no weights.
//   "deepdesc"          CNN3 of DeepDesc in LIFT's ReLU + average pooling form,
//                       unit outputs
//   "deepdesc-dense"    the same with tanh, L2 pooling and subtractive
//                       normalisation, as released: 280 320 parameters
//   "deepdesc-sparse"   and 8 connections an output map, as in the paper:
//                       45 824 parameters
//   "logpolar"          a small CNN on a log-polar patch
//   "lift-orientation"  LIFT's orientation network (pooled form), 64 x 64
//   "logpolar-orientation"  circular convolutions on the same patch, then
//                       LIFT's two GHH layers
//   "circular-orientation"  circular convolutions down to one score for each of
//                       16 directions, then their soft argmax
//   "lift-detector"     25 x 25 filter bank + GHH
//   "jet-detector"      a small network on what does not turn with the picture
//                       (network/jet.h)
//   "tilde"             21 x 21 x 6 filter bank + GHH. Signs as of kGhh: the
//                       groups are those of TILDE's files with 0 and 1, 2 and 3
//                       swapped
// Throws InputError naming the choices.
Model MakeArchitecture(const std::string& name);

// The same for networks that give angle and descriptor at once
// (network/oriented_model.h):
//   "oriented"  3 million multiply-adds, 16 directions
OrientedModel MakeOrientedArchitecture(const std::string& name);
bool IsOrientedArchitecture(const std::string& name);

// Writes the geometry into the notes of the model (see GeometryOf in
// tiepoint/features/patch_networks.h, which reads them).
void NoteGeometry(const PatchGeometry& geometry, Model& model);
PatchGeometry NotedGeometry(const Model& model);

}  // namespace tiepoint
