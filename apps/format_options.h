// SPDX-License-Identifier: Apache-2.0
// The options of formats, the same for `export` and `import`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tiepoint/io/lowe_text.h"

// FORMAT, the first argument: "colmap", "colmap-text", "hloc", "vgg", "lowe" or
// "npz".
void AddFormatArgument(CLI::App& command, std::string& format);

// --lowe-order, "yx" or "xy": which coordinate comes first in files of Lowe's
// format.
void AddLoweOrderOption(CLI::App& command, std::string& order);
tiepoint::LoweOrder ParseLoweOrder(const std::string& order);
