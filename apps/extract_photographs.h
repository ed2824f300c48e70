// SPDX-License-Identifier: Apache-2.0
// Features of photographs into a file that may hold some already, with progress
// on the terminal: what `extract` and `reconstruct` share.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tiepoint/image/find_photographs.h"
#include "tiepoint/pipeline/preset.h"

struct ExtractionTask {
  std::string output;  // the feature file
  tiepoint::Preset preset;
  tiepoint::ExtractorOptions extractor;
  int max_image_size = 0;
  bool quiet = false;
};

struct ExtractionSummary {
  int extracted = 0;                 // by this call
  size_t keypoints = 0;              // of these
  std::vector<std::string> skipped;  // names of those that cannot be used
};

// The attributes of the file: all that the features depend on.
std::map<std::string, std::string> FeatureAttributes(
    const ExtractionTask& task);

// Photographs that the file holds are passed over. One that cannot be used is
// reported on stderr and skipped. Throws InputError when the file was made with
// other options, cannot be written or is being written by another program.
ExtractionSummary ExtractPhotographs(
    std::vector<tiepoint::PhotographFile> photographs,
    const ExtractionTask& task);
