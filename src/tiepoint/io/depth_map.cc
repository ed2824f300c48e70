// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/depth_map.h"

#include <array>
#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_file.h"

namespace tiepoint {

GrayImage ReadDepthMap(const std::string& path) {
  constexpr hsize_t kMaxSide = 1 << 16;
  SilenceHdf5();
  if (!std::filesystem::is_regular_file(path)) {
    throw InputError(path + ": no such file");
  }
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!file) throw InputError(path + ": is no HDF5 file (" + Hdf5Error() + ")");
  const Hdf5Data data(H5Dopen2(file.Id(), "depth", H5P_DEFAULT));
  if (!data) throw InputError(path + ": has no data set 'depth'");
  const Hdf5Space space(H5Dget_space(data.Id()));
  std::array<hsize_t, 2> size{};
  if (H5Sget_simple_extent_ndims(space.Id()) != 2 ||
      H5Sget_simple_extent_dims(space.Id(), size.data(), nullptr) != 2 ||
      size[0] < 1 || size[1] < 1 || size[0] > kMaxSide || size[1] > kMaxSide) {
    throw InputError(path + ": 'depth' is not a picture");
  }
  GrayImage depth(static_cast<int>(size[1]), static_cast<int>(size[0]));
  if (H5Dread(data.Id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
              depth.pixels.data()) < 0) {
    throw InputError(path + ": 'depth' cannot be read (" + Hdf5Error() + ")");
  }
  for (float& value : depth.pixels) {
    if (!(value > 0 && std::isfinite(value))) value = 0;
  }
  return depth;
}

}  // namespace tiepoint
