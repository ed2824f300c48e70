// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/depth_map.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/hdf5_file.h"

namespace tiepoint {
namespace {

std::string PathOf(const std::string& name) {
  return testing::TempDir() + "depth_map_" + name;
}

void Write(const std::string& path, const char* name,
           const std::vector<hsize_t>& size,
           const std::vector<double>& values) {
  const Hdf5File file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const Hdf5Space space(
      H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr));
  const Hdf5Data data(H5Dcreate2(file.Id(), name, H5T_IEEE_F32LE, space.Id(),
                                 H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dwrite(data.Id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
           values.data());
}

TEST(DepthMapTest, RowsAreRowsAndUnknownDepthsAreZero) {
  const std::string path = PathOf("good.h5");
  Write(path, "depth", {2, 3},
        {1, 2, 3, -1, std::numeric_limits<double>::quiet_NaN(), 0.5});
  const GrayImage depth = ReadDepthMap(path);
  ASSERT_EQ(depth.width, 3);
  ASSERT_EQ(depth.height, 2);
  EXPECT_EQ(depth.pixels, (std::vector<float>{1, 2, 3, 0, 0, 0.5f}));
  std::filesystem::remove(path);
}

TEST(DepthMapTest, OtherFilesAreErrors) {
  const std::string path = PathOf("bad.h5");
  std::filesystem::remove(path);
  EXPECT_THROW(ReadDepthMap(path), InputError);
  std::ofstream(path) << "no HDF5";
  EXPECT_THROW(ReadDepthMap(path), InputError);
  Write(path, "height", {1, 2}, {1, 2});
  EXPECT_THROW(ReadDepthMap(path), InputError);
  Write(path, "depth", {2}, {1, 2});
  EXPECT_THROW(ReadDepthMap(path), InputError);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tiepoint
