// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_lift.h"

#include <hdf5.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/imported_model.h"

namespace tiepoint {
namespace {

constexpr int kPatch = 64;  // pixels a side; not in the file
constexpr int64_t kMostNumbers = 1 << 26;

// Closes what HDF5 opened.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }
  bool Bad() const { return id_ < 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

class LiftReader {
 public:
  explicit LiftReader(const std::string& path)
      : path_(path), file_(Open(path), H5Fclose) {
    if (file_.Bad()) throw InputError(path + ": is not an HDF5 file");
  }

  Model Read() {
    if (!Has("layers") || !Has("patch-mean") || !Has("patch-std")) {
      Refuse("it has no datasets 'layers', 'patch-mean' and 'patch-std'");
    }
    model_.spec.architecture = "lift-descriptor";
    model_.spec.input = {1, kPatch, kPatch};
    model_.mean = Scalar("patch-mean");
    model_.deviation = Scalar("patch-std");
    if (!(model_.deviation > 0)) Refuse("'patch-std' is not above 0");
    int index = 0;
    for (const float code : Numbers("layers").data) {
      AddLayer("l-" + std::to_string(++index) + "-", Count("layers", code));
    }
    if (convolutions_ == 0) Refuse("it has no convolution");
    if (const std::string why = FindMisfit(model_); !why.empty()) Refuse(why);
    NoteSource(model_, path_, "LIFT, HDF5");
    return std::move(model_);
  }

 private:
  // HDF5 tells of errors on stderr unless told not to.
  static hid_t Open(const std::string& path) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    if (!std::filesystem::is_regular_file(path)) {
      throw InputError(path + ": no such file");
    }
    return H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  }

  [[noreturn]] void Refuse(const std::string& why) const {
    throw InputError(path_ + ": is not a descriptor of LIFT: " + why);
  }

  bool Has(const std::string& name) const {
    return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0;
  }

  Tensor Numbers(const std::string& name) const {
    const Handle set(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (set.Bad()) Refuse("it has no dataset '" + name + "'");
    const Handle space(H5Dget_space(set), H5Sclose);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > 8) Refuse("dataset '" + name + "' is damaged");
    std::vector<hsize_t> sizes(rank);
    H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
    Tensor tensor;
    tensor.shape.assign(sizes.begin(), sizes.end());
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 1 || count > kMostNumbers) {
      Refuse("dataset '" + name + "' is empty or too large");
    }
    tensor.data.resize(count);
    if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                tensor.data.data()) < 0) {
      Refuse("dataset '" + name + "' cannot be read as numbers");
    }
    for (const float v : tensor.data) {
      if (!std::isfinite(v)) {
        Refuse("dataset '" + name + "' holds a number that is not finite");
      }
    }
    return tensor;
  }

  float Scalar(const std::string& name) const {
    const Tensor tensor = Numbers(name);
    if (tensor.data.size() != 1) Refuse("'" + name + "' is not one number");
    return tensor.data[0];
  }

  // A number of things, from a dataset of floats.
  int Count(const std::string& name, float value) const {
    if (!(value >= 0 && value <= 1000)) Refuse("'" + name + "' is no number");
    return static_cast<int>(value);
  }

  void AddLayer(const std::string& prefix, int code) {
    using Type = LayerSpec::Type;
    LayerSpec layer;
    switch (code) {
      case 1:
        layer = Convolution(prefix);
        break;
      case 3:
      case 4:
        layer.type = code == 3 ? Type::kMaxPool : Type::kL2Pool;
        layer.kernel = Count(prefix + "kw", Scalar(prefix + "kw"));
        if (Scalar(prefix + "kh") != static_cast<float>(layer.kernel)) {
          Refuse("pooling windows are not square");
        }
        break;
      case 5:
        layer.type = Type::kTanh;
        break;
      case 6:
        layer.type = Type::kRelu;
        break;
      case 7: {
        const Tensor kernel = Numbers(prefix + "filter");
        if (!IsSubtractiveKernel(kernel)) {
          Refuse(
              "the kernel of a subtractive normalisation is not the "
              "Gaussian");
        }
        layer.type = Type::kSubtractiveNorm;
        layer.kernel = static_cast<int>(kernel.shape[0]);
        break;
      }
      default:
        Refuse("its layers have a code " + std::to_string(code));
    }
    model_.spec.layers.push_back(layer);
  }

  LayerSpec Convolution(const std::string& prefix) {
    const Tensor weight = Numbers(prefix + "weights");
    const Tensor bias = Numbers(prefix + "bias");
    if (weight.shape.size() != 4 || weight.shape[2] != weight.shape[3] ||
        bias.shape != std::vector<int64_t>{weight.shape[0]}) {
      Refuse("'" + prefix + "weights' has a strange shape");
    }
    LayerSpec layer;
    layer.type = LayerSpec::Type::kConv;
    layer.name = "conv" + std::to_string(++convolutions_);
    layer.out = static_cast<int>(weight.shape[0]);
    layer.kernel = static_cast<int>(weight.shape[2]);
    model_.weights[layer.name + ".weight"] = weight;
    model_.weights[layer.name + ".bias"] = bias;
    return layer;
  }

  std::string path_;
  Handle file_;
  Model model_;
  int convolutions_ = 0;
};

}  // namespace

Model ReadLiftModel(const std::string& path) { return LiftReader(path).Read(); }

}  // namespace tiepoint
