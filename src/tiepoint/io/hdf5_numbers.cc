// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/hdf5_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tiepoint/io/hdf5_file.h"

namespace tiepoint {
namespace {

// The largest dataset that is read, in numbers (4 GB): damaged files may claim
// any size.
constexpr uint64_t kMaxNumbers = uint64_t{1} << 30;

}  // namespace

InputError UnreadableHdf5(const std::string& where) {
  return InputError(where + " cannot be read (" + Hdf5Error() + ")");
}

InputError WrongHdf5Shape(const std::string& where, const Hdf5Numbers& numbers,
                          const std::string& expected) {
  std::string shape;
  for (const hsize_t size : numbers.shape) {
    shape += (shape.empty() ? "" : " x ") + std::to_string(size);
  }
  return InputError(where + " has the shape " +
                    (shape.empty() ? "of one number" : shape) + ", not " +
                    expected);
}

std::optional<Hdf5Numbers> ReadHdf5Numbers(hid_t group, const char* name,
                                           const std::string& group_where) {
  if (H5Lexists(group, name, H5P_DEFAULT) <= 0) return std::nullopt;
  const std::string where = group_where + "/" + name;
  const Hdf5Data dataset(H5Dopen2(group, name, H5P_DEFAULT));
  if (!dataset) throw UnreadableHdf5(where);
  const Hdf5Type type(H5Dget_type(dataset.Id()));
  const H5T_class_t kind = H5Tget_class(type.Id());
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) {
    throw InputError(where + " does not hold numbers");
  }
  Hdf5Numbers numbers;
  const Hdf5Space space(H5Dget_space(dataset.Id()));
  numbers.shape.resize(std::max(0, H5Sget_simple_extent_ndims(space.Id())));
  H5Sget_simple_extent_dims(space.Id(), numbers.shape.data(), nullptr);
  const hssize_t count = H5Sget_simple_extent_npoints(space.Id());
  if (count < 0 || static_cast<uint64_t>(count) > kMaxNumbers) {
    throw InputError(where + " is too large");
  }
  numbers.data.resize(count);
  if (count > 0 && H5Dread(dataset.Id(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL,
                           H5P_DEFAULT, numbers.data.data()) < 0) {
    throw UnreadableHdf5(where);
  }
  if (!std::all_of(numbers.data.begin(), numbers.data.end(),
                   [](float value) { return std::isfinite(value); })) {
    throw InputError(where + " holds a number that is not finite");
  }
  return numbers;
}

bool WriteHdf5Data(hid_t group, const char* name,
                   const std::vector<hsize_t>& shape, hid_t memory,
                   hid_t stored, const void* data) {
  const Hdf5Space space(
      H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
  const Hdf5Data dataset(H5Dcreate2(group, name, stored, space.Id(),
                                    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  const bool empty = H5Sget_simple_extent_npoints(space.Id()) == 0;
  return dataset && (empty || H5Dwrite(dataset.Id(), memory, H5S_ALL, H5S_ALL,
                                       H5P_DEFAULT, data) >= 0);
}

bool WriteHdf5Floats(hid_t group, const char* name,
                     const std::vector<hsize_t>& shape,
                     const std::vector<float>& data) {
  return WriteHdf5Data(group, name, shape, H5T_NATIVE_FLOAT, H5T_IEEE_F32LE,
                       data.data());
}

}  // namespace tiepoint
