// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

// Writes the weights `source` (a file of ours) as ONNX (tiepoint/onnx/
// export_onnx.h): `target`, or of a network of several stages
// target.stage0.onnx and so on for target.onnx. Its card, if one stands beside
// it (.md), goes into the file. Returns what was written. Throws InputError in
// one line.
std::vector<std::string> ExportOnnx(const std::string& source,
                                    const std::string& target);
