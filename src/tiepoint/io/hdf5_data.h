// SPDX-License-Identifier: Apache-2.0
// What the sources of this layer that keep HDF5 files share: datasets, and the
// text attributes of the root that say how a file was made.
#pragma once

#include <hdf5.h>

#include <map>
#include <string>
#include <vector>

namespace tiepoint {

// The root's attributes that are text.
std::map<std::string, std::string> TextAttributesOf(hid_t file);

// Throws InputError, naming one that differs, when `found` (of the file at
// `path`) lacks an attribute of `expected` or has it with another value.
void CheckTextAttributes(const std::string& path,
                         const std::map<std::string, std::string>& found,
                         const std::map<std::string, std::string>& expected);

// The bytes of a file with these attributes and nothing else. Made in memory,
// so that the file is there whole or not at all. Throws InputError.
std::string EmptyHdf5(const std::map<std::string, std::string>& attributes);

// Writes a dataset; `memory` is the type of `data`, `stored` that of the file.
// False when HDF5 refuses.
bool WriteHdf5Data(hid_t group, const char* name,
                   const std::vector<hsize_t>& shape, hid_t memory,
                   hid_t stored, const void* data);

}  // namespace tiepoint
