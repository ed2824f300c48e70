// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tiepoint {

// Whether a request's Host header names this machine: localhost or 127.0.0.1,
// with a port (any: it may be forwarded) or without. Every other name is
// somebody's domain that was made to point here, so that a foreign page reads
// ours (DNS rebinding).
bool IsLocalHost(std::string_view host);

}  // namespace tiepoint
