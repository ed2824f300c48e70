// SPDX-License-Identifier: Apache-2.0
#include "view/local_host.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace tiepoint {

bool IsLocalHost(std::string_view host) {
  const size_t colon = std::min(host.find(':'), host.size());
  std::string name(host.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const std::string_view port = host.substr(std::min(colon + 1, host.size()));
  const bool good_port =
      colon == host.size() ||
      (!port.empty() && port.size() <= 5 &&
       port.find_first_not_of("0123456789") == std::string_view::npos);
  return good_port && (name == "localhost" || name == "127.0.0.1");
}

}  // namespace tiepoint
