// SPDX-License-Identifier: Apache-2.0
// Options of commands that make COLMAP's cameras, under COLMAP's names.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tiepoint/pipeline/assign_cameras.h"

struct CameraArguments {
  tiepoint::CameraOptions options;
  std::string mode = "auto";

  // `options` with the mode. Throws tiepoint::InputError for a mode or model
  // that does not exist and for parameters that do not fit the model.
  tiepoint::CameraOptions Checked() const;
};

// `arguments` must live as long as the command.
void AddCameraOptions(CLI::App& command, CameraArguments& arguments,
                      const std::string& group);
