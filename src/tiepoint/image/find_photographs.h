// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace tiepoint {

struct PhotographFile {
  std::string path;
  std::string name;  // path below the folder that was searched, slashes
};

// All photographs below a folder (jpg jpeg png tif tiff ppm pgm webp), sorted
// by name. Throws InputError when it cannot be searched or holds none.
std::vector<PhotographFile> PhotographsBelow(const std::string& folder);

// Photographs and those below folders, in the order of the paths; what is given
// twice is taken once. Throws InputError as PhotographsBelow, for paths that do
// not exist, and when two files would have one name.
std::vector<PhotographFile> PhotographsIn(
    const std::vector<std::string>& paths);

}  // namespace tiepoint
