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
  std::string descriptor;         // weights of the frozen descriptor
                                  // (orientation only)
  std::string data_note;          // how the card names the data
  std::string licence = "Apache-2.0";
  int iterations = 1500;
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
  int mining = 4;  // hinge: forward this many, learn from one

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
void TrainDescriptor(const TrainOptions& options);
void TrainOrientation(const TrainOptions& options);
void TrainDetector(const TrainOptions& options);

}  // namespace tiepoint
