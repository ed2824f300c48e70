// SPDX-License-Identifier: Apache-2.0
// The options of features, the same for every command that makes some.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tiepoint/pipeline/preset.h"

// --filter and --ratio (0: that of the preset).
void AddFilterOptions(CLI::App& command, std::string& filter,
                      double& max_ratio);
// --preset
void AddPresetOption(CLI::App& command, std::string& preset);
// --max-keypoints, --models and --memory
void AddExtractorOptions(CLI::App& command,
                         tiepoint::ExtractorOptions& extractor);
// --max-image-size, 0: as stored
void AddMaxImageSizeOption(CLI::App& command, int& max_image_size);
// Of the detectors lift and jet: --first-scale, --levels-per-octave,
// --nms-radius, --nms-levels, --border
void AddDetectorOptions(CLI::App& command, tiepoint::ExtractorOptions& options);
