// SPDX-License-Identifier: Apache-2.0
// Features and matches into a COLMAP database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "feature_formats.h"

struct ColmapExportOptions {
  // Which photographs share a camera:
  //   "auto"        those of one folder with the same size and EXIF focal
  //   length "single"      all, "per-folder" those of one folder (of one size)
  //   "per-image"   none
  std::string camera_mode = "auto";
  std::string camera_model = "SIMPLE_RADIAL";
  // Of all new cameras, as COLMAP counts (centre of the first pixel (0.5,
  // 0.5)); empty: focal length from EXIF, else 1.2 times the longer side.
  std::vector<double> camera_params;
  std::string images;  // folder of the photographs; empty: not looked at
  // "estimate": two_view_geometries by our estimator; "trust": all matches
  // count as verified; "none": matches alone, for COLMAP to verify.
  std::string geometry = "estimate";
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
