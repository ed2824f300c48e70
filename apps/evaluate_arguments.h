// SPDX-License-Identifier: Apache-2.0
// What the command line of a protocol of `tiepoint evaluate` says.
#pragma once

#include <string>
#include <vector>

#include "command.h"
#include "evaluation/image_pairs.h"
#include "evaluation/patches.h"
#include "evaluation/pose.h"
#include "evaluation/sfm.h"
#include "evaluation/sweep.h"
#include "evaluation_record.h"
#include "tiepoint/pipeline/preset.h"

// Photographs are reduced to this longer side, where the protocol says nothing
// else.
inline constexpr int kEvaluationImageSize = 1024;

struct EvaluateArguments {
  CommonOptions common;
  std::vector<std::string> presets = {"default", "rootsift"};
  std::vector<std::string> features;  // files, each "FILE" or "LABEL=FILE"
  tiepoint::ExtractorOptions extractor;
  int max_image_size = -1;  // -1: of the protocol
  int runs = 5;
  EvaluationFiles files;
  std::string cache = DefaultCacheFolder();
  bool no_cache = false;
  int pictures = 3;
  std::string baseline;
  bool check = false;
  bool one_a_set = false;  // sweeps: the first photograph of each set alone
  std::vector<std::string> folders;
  // One protocol each.
  tiepoint::ImagePairOptions pairs;
  std::string homography_estimator = "magsac";
  tiepoint::RotationOptions rotation;
  tiepoint::ScaleOptions scale;
  tiepoint::PatchesOptions patches;
  tiepoint::PoseProtocolOptions pose;
  tiepoint::SfmOptions sfm;
  std::string sfm_filter = "ratio";
  std::string sfm_intrinsics = "auto";
  double ratio = 0;
  std::string filter = "none";

  int ImageSize(int of_protocol) const {
    return max_image_size < 0 ? of_protocol : max_image_size;
  }
};
