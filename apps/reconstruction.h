// SPDX-License-Identifier: Apache-2.0
// From a folder of photographs to a sparse model, stage by stage; each goes on
// where it was stopped.
#pragma once

#include <string>

#include "camera_arguments.h"
#include "command.h"
#include "tiepoint/pipeline/choose_pairs.h"
#include "tiepoint/pipeline/preset.h"
#include "tiepoint/pipeline/verify_pair.h"

inline constexpr char kDefaultColmap[] = "colmap";

// What the command line says.
struct ReconstructArguments {
  CommonOptions common;
  std::string photographs, folder;
  std::string preset = "default";
  tiepoint::ExtractorOptions extractor;
  int max_image_size = 0;
  std::string pairs = "auto";
  int overlap = 10;
  tiepoint::RetrievalOptions retrieval;
  std::string filter = tiepoint::Name(tiepoint::MatchFilter::kLearned);
  double ratio = 0;
  tiepoint::VerifyOptions verify;
  CameraArguments cameras;
  std::string colmap = kDefaultColmap;
  bool no_mapper = false;
};

// The exit code. Throws tiepoint::InputError and tiepoint::Interrupted.
int Reconstruct(const ReconstructArguments& arguments);
