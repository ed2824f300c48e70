// SPDX-License-Identifier: Apache-2.0
// The numbers that layers compute with, and how maps go from one to another.
#pragma once

#include <cstddef>

namespace tiepoint {

// kByte: 0..255 times a step; kSignedByte: -127..127 times a step.
enum class NumberType { kFloat, kHalf, kByte, kSignedByte };

size_t BytesOf(NumberType type);

inline bool IsByte(NumberType type) {
  return type == NumberType::kByte || type == NumberType::kSignedByte;
}

// `count` numbers at `in` to `out`. Bytes are numbers divided by the step,
// rounded to the nearest (ties to even) and cut to what a byte holds. From
// bytes there is no way to another type.
void ConvertNumbers(const void* in, NumberType in_type, size_t count, void* out,
                    NumberType out_type, float step);

}  // namespace tiepoint
