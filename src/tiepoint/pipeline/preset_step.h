// SPDX-License-Identifier: Apache-2.0
// What the text of one step of a preset means, for the sources of this layer.
#pragma once

#include <string>
#include <string_view>

#include "tiepoint/io/import_weights.h"

namespace tiepoint {

// Gives both, angle and descriptor.
inline constexpr const char* kOriented = "oriented";

// The filters of "tilde" as mixtures of products of a column and a row.
inline constexpr const char* kTilde24 = "tilde24";

// The names of the weights that a step reads; empty: it has none, or a file of
// its own.
std::string DetectorWeights(const std::string& step);
std::string OrientationWeights(const std::string& step);
std::string DescriptorWeights(const std::string& step);

// Weights that others published: "imported:FILE".
inline constexpr std::string_view kImported = "imported:";
bool IsImported(const std::string& step);
// The FILE of such a step.
std::string PathOfImported(const std::string& step);

// What a file of weights is for; of a network that gives both angle and
// descriptor, kDescriptor. Throws InputError as FormOf and ReadModel do.
WeightsRole RoleOfFile(const std::string& path);
// Throws InputError where the file is for another step. A network that gives
// both angle and descriptor serves as either.
void RequireRole(const std::string& path, WeightsRole needed);

}  // namespace tiepoint
