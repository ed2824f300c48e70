// SPDX-License-Identifier: Apache-2.0
// Folders that training data is made from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tiepoint/io/colmap_model.h"
#include "tiepoint/pipeline/preset.h"

enum class DataForm { kPhotographs, kBrown, kHPatches };

struct DataSource {
  DataForm form = DataForm::kPhotographs;
  std::string name;  // of the folder
  std::string folder;
  std::string images;  // names of photographs are below it
  std::string model;   // folder of a COLMAP model; empty: none
  std::string licence;
  // Of the photographs, by path; of Brown's sets, their info.txt.
  std::vector<std::string> paths, names;
};

// `model` and `licence` as the user gave them: empty ones are looked for in the
// folder (sparse/0 or sparse; the first line of a file LICENSE*, LICENCE* or
// COPYING* that says something). Photographs are below images/ or imgs/ where
// there is such a folder. A folder with info.txt is a set of Brown's patches,
// one whose folders hold ref.png one of HPatches'. Throws InputError where
// nothing can be used, and for evaluation data.
DataSource FindDataSource(const std::string& folder, const std::string& model,
                          const std::string& licence);

// Of all photographs and the model's files, 16 hexadecimal digits.
std::string ContentChecksum(const DataSource& source);

// Runs COLMAP on features of `preset` and leaves the largest model in the
// folder `model`, which appears only when it is complete. Returns what came out
// in a few words; no folder is made where there is no model.
std::string ReconstructInto(const DataSource& source, const std::string& preset,
                            const tiepoint::ExtractorOptions& extractor,
                            const std::string& model,
                            const std::function<void(const std::string&)>& say);

// The depth that a photograph of the model shows (SfmPlaceOptions::depth), from
// maps STEM.h5 (or .jpg.h5) below `folder`; every fourth pixel is kept. Those
// without a map show none. Throws InputError when no photograph has one.
std::function<double(int, double, double)> DepthMaps(
    const std::string& folder, const tiepoint::ColmapModel& model);

// A stack of photographs of a fixed camera: their names, and the 100 places
// where OpenCV's SIFT fires most often (training/repeated_points.h), as JSON.
// Throws InputError for fewer than two photographs or different sizes.
std::string StackJson(const DataSource& source,
                      const std::function<void(int, int)>& progress);
