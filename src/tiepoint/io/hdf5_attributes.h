// SPDX-License-Identifier: Apache-2.0
// What an HDF5 file says of itself: text attributes of its root. For the
// sources of this layer.
#pragma once

#include <hdf5.h>

#include <map>
#include <string>

#include "tiepoint/io/hdf5_file.h"

namespace tiepoint {

// The root's attributes that are text.
std::map<std::string, std::string> ReadTextAttributes(hid_t file);

// For a file that is added to with a journal (journaled_file.h): where there is
// none, one with these attributes and nothing else, whole or not at all.
void CreateMissingHdf5(const std::string& path,
                       const std::map<std::string, std::string>& attributes);

// Such a file, what a killed program left in its journal put right first.
// Throws InputError when there is none or it is no HDF5.
Hdf5File OpenHdf5ToRead(const std::string& path);

// Throws InputError that names one of `expected` that is missing or other in
// `found`: the file at `path` is of another run and may not be added to.
void CheckAttributes(const std::string& path,
                     const std::map<std::string, std::string>& found,
                     const std::map<std::string, std::string>& expected);

}  // namespace tiepoint
