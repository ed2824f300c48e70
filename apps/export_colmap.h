// SPDX-License-Identifier: Apache-2.0
// Features and matches into a COLMAP database.
#pragma once

#include <cstdint>
#include <string>

#include "camera_arguments.h"
#include "feature_formats.h"

struct ColmapExportOptions {
  CameraArguments cameras;  // of new images
  std::string images;       // folder of the photographs; empty: not looked at
  // two_view_geometries. "auto": those of the match file, and where it has
  // none by our estimator; "estimate": by our estimator; "trust": all matches
  // count as verified; "none": matches alone, for COLMAP to verify.
  std::string geometry = "auto";
  // Replace other features of images that the database holds.
  bool overwrite = false;
  DescriptorMode descriptors = DescriptorMode::kAuto;
  uint64_t seed = 0;
  bool quiet = false;
};

// Throws InputError; the database is then as it was.
void ExportColmap(const std::string& features, const std::string& matches,
                  const std::string& database,
                  const ColmapExportOptions& options);
