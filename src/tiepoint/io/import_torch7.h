// SPDX-License-Identifier: Apache-2.0
// Files of Torch 7 (".t7", binary, little-endian): a reader of any such file
// without functions, and the descriptor network DeepDesc found in one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// One value of the file. Tables and objects refer to others, which belong to
// the Torch7File.
struct Torch7Value {
  enum class Kind {
    kNil,
    kNumber,
    kBoolean,
    kString,
    kTable,
    kObject,
    kTensor
  };
  Kind kind = Kind::kNil;
  double number = 0;  // kNumber, kBoolean (0 or 1)
  std::string text;   // kString; the class name of kObject and kTensor
  Tensor tensor;      // kTensor: any number type, strides undone
  std::vector<double> storage;  // kObject "torch.XStorage": its numbers
  // kTable, and the fields of kObject: key and value, in the file's order.
  std::vector<std::pair<const Torch7Value*, const Torch7Value*>> fields;

  // The value under a name or a number; null when there is none.
  const Torch7Value* Find(const std::string& key) const;
  const Torch7Value* Find(int key) const;
};

// A whole file. Throws InputError in one line naming the file when it is
// missing, cut short, damaged or holds a function.
class Torch7File {
 public:
  explicit Torch7File(const std::string& path);
  const Torch7Value& Root() const { return *root_; }

 private:
  std::vector<std::unique_ptr<Torch7Value>> values_;
  const Torch7Value* root_ = nullptr;
};

// A released DeepDesc (Simo-Serra et al., "Discriminative Learning of Deep
// Convolutional Feature Point Descriptors", ICCV 2015): table "desc"
// (convolutions, tanh, L2 pooling, subtractive normalisation), "mean" and "std"
// (an image each). The descriptor is not normalised: numbers in [0, 4), length
// about 40. Patch: half width 6 sigma. Throws InputError when the file holds
// another network.
Model ReadTorch7Model(const std::string& path);

}  // namespace tiepoint
