// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tiepoint/features/separable_tilde.h"

namespace tiepoint {

// Text files as the authors of TILDE publish them, which their programs and
// ReadTildeFilters read. The full form leaves out a factor of size^2. Throws
// InputError when the file cannot be written.
void WriteTildeFilters(const std::string& path, const TildeFilters& filters);
void WriteTildeFilters(const std::string& path, const SeparableTilde& filters);

}  // namespace tiepoint
