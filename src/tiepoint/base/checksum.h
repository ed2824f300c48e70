// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace tiepoint {

inline constexpr uint64_t kChecksumOfNothing = 0xCBF29CE484222325u;

// FNV-1a, 64 bit: tells files apart that differ by accident; no protection
// against somebody who wants two alike. `before`: of the bytes before these.
constexpr uint64_t Checksum(std::string_view bytes,
                            uint64_t before = kChecksumOfNothing) {
  for (const char c : bytes) {
    before ^= static_cast<unsigned char>(c);
    before *= 0x100000001B3u;
  }
  return before;
}

}  // namespace tiepoint
