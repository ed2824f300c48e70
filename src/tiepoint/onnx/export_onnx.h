// SPDX-License-Identifier: Apache-2.0
// Networks as files of ONNX (operator set 12), to be run without Tiepoint.
// docs/onnx.md says what is to be computed before and after; inputs are
// intensities 0..255 (the normalisation is part of the graph), the batch has
// any size N.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tiepoint/network/consensus_model.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/oriented_model.h"

namespace tiepoint {

// What the file says about itself besides the model's notes: "name", "version",
// "card", ...
using OnnxFacts = std::map<std::string, std::string>;

// A chain of layers.
//   detectors (IsDense):  "image" (N, C, H, W) to "score" (N, 1, H - h + 1,
//                         W - w + 1), C x h x w the input of the spec
//   all others:           "patch" (N, C, h, w) to "descriptor" (N, numbers), or
//                         "direction" (N, 2), the cosine and sine of an angle,
//                         of networks with two outputs
// The bytes of the file. Throws InputError as CheckWeights, or when a layer
// cannot be written (onnx_layers.h).
std::string OnnxOf(const Model& model, const OnnxFacts& facts);

// "patch" (N, 1, h, w) to "direction" (N, 2) and "descriptor" (N, numbers) at
// that angle. The columns are turned inside the graph. Throws InputError as
// CheckOrientedModel, or for maps with fewer than 8 directions.
std::string OnnxOf(const OrientedModel& model, const OnnxFacts& facts);

// One stage of the network on matches, which is all that is learned: between
// two stages stands an eigenvector problem (consensus_model.h), for which ONNX
// has no operator.
//   "matches" (N, inputs), from the second stage on (N, inputs + 2), and
//   "state" (N, channels), which the stage before gave as "next_state"
// to "logit" and "weight" (N, 1) and, but for the last, "next_state".
// Throws InputError as CheckConsensusModel, or when there is no such stage.
std::string OnnxOfStage(const ConsensusModel& model, int stage,
                        const OnnxFacts& facts);

}  // namespace tiepoint
