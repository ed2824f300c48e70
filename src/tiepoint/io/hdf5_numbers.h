// SPDX-License-Identifier: Apache-2.0
// Arrays of numbers in HDF5 files, for the sources of this layer.
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {

struct Hdf5Numbers {
  std::vector<hsize_t> shape;
  std::vector<float> data;
};

// All numbers of a dataset of `group`, whatever their type, as float32; empty
// where it is missing. Throws InputError (`where` names the group in it) when
// it does not hold numbers, one is not finite, or the file is damaged.
std::optional<Hdf5Numbers> ReadHdf5Numbers(hid_t group, const char* name,
                                           const std::string& where);

InputError UnreadableHdf5(const std::string& where);
InputError WrongHdf5Shape(const std::string& where, const Hdf5Numbers& numbers,
                          const std::string& expected);

// Writes a dataset; `memory` is the type of `data`, `stored` that of the file.
// Whether that was possible.
bool WriteHdf5Data(hid_t group, const char* name,
                   const std::vector<hsize_t>& shape, hid_t memory,
                   hid_t stored, const void* data);
bool WriteHdf5Floats(hid_t group, const char* name,
                     const std::vector<hsize_t>& shape,
                     const std::vector<float>& data);

}  // namespace tiepoint
