// SPDX-License-Identifier: Apache-2.0
// The safetensors container: 8 bytes little-endian header length, a JSON
// header, raw little-endian tensors. Numbers are float32 in memory; files may
// hold float32 or float16 (half the size, rounded to 11 bits).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tiepoint {

struct Tensor {
  std::vector<int64_t> shape;  // row-major
  std::vector<float> data;
  int64_t Size() const;  // product of the shape
};

struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Throws InputError naming the file: missing, truncated, offsets outside the
// file, another number type, a value that is not finite.
SafeTensors ReadSafeTensors(const std::string& path);
// Writes beside and renames, so that a full disk or Ctrl-C never leaves half a
// file under `path`.
void WriteSafeTensors(const std::string& path, const SafeTensors& content,
                      bool half = false);

uint16_t HalfFromFloat(float value);  // round to nearest even
float FloatFromHalf(uint16_t half);

}  // namespace tiepoint
