// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/base64.h"

#include <cstdint>

namespace tiepoint {

std::string EncodeBase64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;  // 24 bits; bytes beyond the end are 0
    for (size_t k = 0; k < 3; ++k) {
      three <<= 8;
      if (i + k < bytes.size()) three |= static_cast<uint8_t>(bytes[i + k]);
    }
    for (size_t k = 0; k < 4; ++k) {
      const bool inside = i + k <= bytes.size();
      text += inside ? kDigits[three >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

}  // namespace tiepoint
