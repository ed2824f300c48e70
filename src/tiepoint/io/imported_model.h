// SPDX-License-Identifier: Apache-2.0
// What the readers of foreign weights share.
#pragma once

#include <string>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Is this n x n kernel, whatever its sum, the Gaussian of sigma n / 4 that
// LayerSpec::kSubtractiveNorm means?
bool IsSubtractiveKernel(const Tensor& kernel);

// Why the weights do not fit the layers; empty when they do.
std::string FindMisfit(const Model& model);

// Notes where the model comes from ("imported from") and that its licence is
// not ours to give ("licence").
void NoteSource(Model& model, const std::string& path,
                const std::string& format);

}  // namespace tiepoint
