// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tiepoint {

// Bytes that are not UTF-8 become U+FFFD.
inline std::string ValidUtf8(const std::string& text) {
  using nlohmann::json;
  const std::string quoted =
      json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(quoted).get<std::string>();
}

}  // namespace tiepoint
