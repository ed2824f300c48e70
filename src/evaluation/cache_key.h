// SPDX-License-Identifier: Apache-2.0
// What a file of the cache depends on, so that nothing stale is ever taken.
#pragma once

#include <string>
#include <string_view>

namespace tiepoint {

// FNV-1a, 64 bits, as 16 hexadecimal digits: names files and tells whether one
// changed; no protection against intent.
std::string HexChecksum(std::string_view bytes);

// Of a whole file; throws InputError when it cannot be read.
std::string FileChecksum(const std::string& path);

// Of the running program and the versions of the libraries that it loads:
// another build keeps its own files.
const std::string& ProgramChecksum();

// Path, size and time of change of a file; the path alone when it is missing.
std::string FileStamp(const std::string& path);

}  // namespace tiepoint
