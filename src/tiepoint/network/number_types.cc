// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/number_types.h"

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "tiepoint/base/all_processors.h"

namespace tiepoint {
namespace {

float FloatOf(float value) { return value; }
float FloatOf(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TIEPOINT_ALL_PROCESSORS void ToHalf(const float* __restrict in, size_t count,
                                    uint16_t* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, in + i, sizeof bits);
    // To the nearest, ties to even.
    out[i] = static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
}

TIEPOINT_ALL_PROCESSORS void FromHalf(const uint16_t* __restrict in,
                                      size_t count, float* __restrict out) {
  for (size_t i = 0; i < count; ++i) out[i] = FloatOf(in[i]);
}

template <typename In>
inline __attribute__((always_inline)) void ToBytes(const In* __restrict in,
                                                   size_t count, float inverse,
                                                   float lowest, float highest,
                                                   uint8_t* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    const float q = FloatOf(in[i]) * inverse;
    const float cut = q > lowest ? (q < highest ? q : highest) : lowest;
    // 1.5 x 2^23 leaves the nearest integer in the lowest bits.
    const float moved = cut + 12582912.0f;
    uint32_t bits;
    std::memcpy(&bits, &moved, sizeof bits);
    out[i] = static_cast<uint8_t>(bits);
  }
}

TIEPOINT_ALL_PROCESSORS void FloatsToBytes(const float* in, size_t count,
                                           float inverse, float lowest,
                                           float highest, uint8_t* out) {
  ToBytes(in, count, inverse, lowest, highest, out);
}

TIEPOINT_ALL_PROCESSORS void HalvesToBytes(const uint16_t* in, size_t count,
                                           float inverse, float lowest,
                                           float highest, uint8_t* out) {
  ToBytes(in, count, inverse, lowest, highest, out);
}

}  // namespace

size_t BytesOf(NumberType type) {
  switch (type) {
    case NumberType::kFloat:
      return 4;
    case NumberType::kHalf:
      return 2;
    default:
      return 1;
  }
}

void ConvertNumbers(const void* in, NumberType in_type, size_t count, void* out,
                    NumberType out_type, float step) {
  if (in_type == out_type) {
    std::memcpy(out, in, count * BytesOf(in_type));
    return;
  }
  const auto* floats = static_cast<const float*>(in);
  const auto* halves = static_cast<const uint16_t*>(in);
  const bool from_float = in_type == NumberType::kFloat;
  if (!from_float && in_type != NumberType::kHalf) {
    throw std::logic_error("bytes are not converted");
  }
  switch (out_type) {
    case NumberType::kFloat:
      FromHalf(halves, count, static_cast<float*>(out));
      return;
    case NumberType::kHalf:
      ToHalf(floats, count, static_cast<uint16_t*>(out));
      return;
    case NumberType::kByte:
    case NumberType::kSignedByte: {
      const bool has_sign = out_type == NumberType::kSignedByte;
      const float lowest = has_sign ? -127.0f : 0.0f;
      const float highest = has_sign ? 127.0f : 255.0f;
      auto* bytes = static_cast<uint8_t*>(out);
      if (from_float) {
        FloatsToBytes(floats, count, 1 / step, lowest, highest, bytes);
      } else {
        HalvesToBytes(halves, count, 1 / step, lowest, highest, bytes);
      }
      return;
    }
  }
}

}  // namespace tiepoint
