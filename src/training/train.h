// SPDX-License-Identifier: Apache-2.0
// Training, without a trace of LibTorch in the header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tiepoint {

struct TrainOptions {
  std::string kind;               // descriptor, orientation or detector
  std::vector<std::string> data;  // folders of photographs
  std::string output;             // weights file; the checkpoint lies beside it
  std::string architecture;       // empty: the usual one of the kind
  std::string descriptor;   // orientation: weights of the frozen descriptor, or
                            // "sift"; lift, and descriptor with `orientation`:
                            // those to begin with
  std::string detector;     // lift: weights to begin with
  std::string orientation;  // lift: weights to begin with; descriptor: weights
                            // that are tuned together with `descriptor`
  std::string correspondence;  // correspondence: weights to begin with
  std::string data_note;       // how the card names the data
  std::string licence = "Apache-2.0";
  int iterations = 1500;
  int pool = 0;  // oriented descriptors: pairs that are made once and seen many
                 // times; 0: every pair is new
  int batch = 512;              // pairs a step
  double learning_rate = 2e-3;  // Adam, falling along a cosine to 1 %
  uint64_t seed = 1;
  int threads = 0;              // of LibTorch; 0: all cores
  std::string device = "auto";  // auto, cpu or cuda
  double checkpoint_minutes = 3;
  bool resume = true;  // from output + ".checkpoint" when it exists
  bool quiet = false;
  std::string json;  // a line of JSON for each report, appended
  std::string html;  // a page with curves, written anew at each report
  double clip = 0;   // gradients are cut to this norm; 0: they are not
  int stop_at = 0;   // stops after this step as if interrupted; 0: does not
  // "bfloat16": networks of descriptor and orientation run in it (CUDA only).
  std::string precision = "float";

  // "hardnet": hardest negative of the batch, triplet margin (Mishchuk et al.
  // 2017). "hinge": DeepDesc's hinge embedding with both kinds of pairs mined.
  std::string descriptor_loss = "hardnet";
  // hinge: of so many pairs of one point, and of two, one is learned from; the
  // hardest. `batch` pairs of each kind are.
  int mining = 4;
  int mining_negative = 0;  // 0: as `mining`

  // TILDE: weights of the shape and temporal terms (gamma_s, gamma_t).
  double shape_weight = 0.1;
  double temporal_weight = 0.3;
  // TILDE: filters are sums of so many lowest cosines along each axis.
  int cosines = 10;
  // TILDE: the data are photographs of one fixed camera, which makes the light;
  // else each stack is one photograph in made light.
  bool fixed_camera = false;

  // Descriptor: half width of the patches, scales of the keypoint; 0: that of
  // the architecture. What a set of patches (Brown's form) shows is for the
  // user to know.
  double support = 0;

  // Correspondence: matches of a pair, share of pairs that are made, what is
  // asked of E ("virtual": that it is right at virtual points; "essential":
  // that it is the true one; "none"), and how much from which share of the
  // steps on.
  int matches = 1000;
  double synthetic = 0.5;
  std::string regression = "virtual";
  double regression_weight = 0.2;
  double regression_from = 0.2;

  // LIFT, or descriptor with `orientation`: what is not tuned, e.g.
  // "detector,orientation".
  std::string frozen;
  // LIFT: weights of the classification term (gamma of the paper), of the
  // distance between the places found in both views (sigma), and of the
  // error of the relative angle (1 - cos; with descriptor AngleLoss, angles.h),
  // beside the descriptors' triplet loss.
  double class_weight = 0.1;
  double place_weight = 0.1;
  // Oriented descriptors: of the agreement of likely directions.
  double agreement_weight = 0;
  double angle_weight = 0.3;

  int MiningNegative() const {
    return mining_negative > 0 ? mining_negative : mining;
  }
  std::string Validate() const;
};

// Each trains until `iterations`, or `stop_at`, or Ctrl-C (the checkpoint is
// written, and Interrupted thrown). options.output holds the weights that were
// best on photographs held out; its notes say which step they are of, and what
// was compared. Progress on stderr: loss, validation, time left; the seed is
// printed. Steps done in several runs give the same weights as in one, to the
// last bit on the same processor and threads.
// Throws InputError for unusable options or data, and when ten batches in a row
// have a loss or gradients that are not finite.
//
// With options.orientation, the orientation is tuned too and written beside the
// output as .orientation.safetensors.
void TrainDescriptor(const TrainOptions& options);
void TrainOrientation(const TrainOptions& options);
void TrainDetector(const TrainOptions& options);
void TrainTilde(const TrainOptions& options);
// Of matches (match_set.h), not of photographs.
void TrainCorrespondence(const TrainOptions& options);
// Throws InputError that lists the names; empty: the usual one.
void CheckCorrespondenceArchitecture(const std::string& name);
// Writes options.output (detector) and beside it .orientation.safetensors and
// .descriptor.safetensors.
void TrainLift(const TrainOptions& options);

}  // namespace tiepoint
