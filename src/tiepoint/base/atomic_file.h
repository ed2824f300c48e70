// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace tiepoint {

// Writes `content` beside `path` and renames, so that a reader, a full disk or
// Ctrl-C never meets half a file. Throws InputError (folder missing, not
// writable, disk full) in one line.
void WriteFileAtomically(const std::string& path, std::string_view content);

// Creates the folder and its parents; throws InputError when it cannot be
// created or written.
void EnsureWritableFolder(const std::string& folder);

}  // namespace tiepoint
