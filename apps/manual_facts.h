// SPDX-License-Identifier: Apache-2.0
// What the manual says of all commands alike and CLI11 does not know.
#pragma once

#include <string>
#include <vector>

#include "command.h"

struct ManualFact {
  std::string name, text;
};

inline std::vector<ManualFact> ExitCodes() {
  return {{std::to_string(kExitAnswer), "answer"},
          {std::to_string(kExitNoAnswer), "no answer (e.g. no pose)"},
          {std::to_string(kExitBadInput), "bad input or usage"},
          {std::to_string(kExitInterrupted), "Ctrl-C"}};
}

inline std::vector<ManualFact> EnvironmentVariables() {
  return {
      {"TIEPOINT_MODELS",
       "Folder of the weights (several with ':' between them), unless --models "
       "names one. Without both: "
       "models/ beside the program, then share/tiepoint/models where it is "
       "installed."},
      {"XDG_CACHE_HOME",
       "`tiepoint evaluate` keeps features and measurements in tiepoint/ "
       "below it; else in ~/.cache/tiepoint."},
      {"PATH",
       "Where COLMAP is looked for (`tiepoint reconstruct`, `tiepoint evaluate "
       "sfm`) unless --colmap says where it is."}};
}

inline std::vector<ManualFact> FilesOfTheProgram() {
  return {
      {"share/tiepoint/models/NAME.safetensors",
       "Weights that are installed; NAME.md beside each says what it was "
       "trained on, its licence and what it reaches. `tiepoint models list`."},
      {"matches.json", "What `tiepoint match` found, in the folder of -o."},
      {"features.h5, matches.h5",
       "Features and matches of many photographs: HDF5 in the layout of "
       "hloc."}};
}

// The first sentence of DESCRIPTION.
inline std::string AboutTheProgram() {
  return "Tiepoint finds the same points in two photographs, and from them how "
         "the camera moved: local features with a learned detector, "
         "orientation and descriptor, a matcher, and robust two-view geometry. "
         "Pixels are as stored (EXIF orientation is reported, never applied); "
         "the centre of the first pixel is (0, 0), x to the right, y down. "
         "Results do not depend on the number of threads.";
}
