// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace tiepoint {

// RFC 4648, with padding, on one line.
std::string EncodeBase64(std::string_view bytes);

}  // namespace tiepoint
