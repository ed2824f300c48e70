// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/import_torch7.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include "tiepoint/base/error.h"
#include "tiepoint/io/imported_model.h"

static_assert(std::endian::native == std::endian::little,
              "the numbers are read as they lie in the file");

namespace tiepoint {
namespace {

using Kind = Torch7Value::Kind;
using Values = std::vector<std::unique_ptr<Torch7Value>>;

constexpr int kMaxDepth = 200;
constexpr int kMaxDimensions = 16;

template <typename T>
std::vector<double> Widen(const char* bytes, size_t count) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

struct NumberType {
  const char* name;
  size_t size;
  std::vector<double> (*widen)(const char*, size_t);
};

constexpr NumberType kNumberTypes[] = {
    {"Float", 4, Widen<float>},     {"Double", 8, Widen<double>},
    {"Long", 8, Widen<int64_t>},    {"Int", 4, Widen<int32_t>},
    {"Short", 2, Widen<int16_t>},   {"Char", 1, Widen<int8_t>},
    {"Byte", 1, Widen<uint8_t>},    {"Cuda", 4, Widen<float>},
    {"CudaLong", 8, Widen<int64_t>}};

// The number type of class "torch.<type><suffix>"; null for another class.
const NumberType* TypeOf(const std::string& class_name, const char* suffix) {
  for (const NumberType& type : kNumberTypes) {
    if (class_name == std::string("torch.") + type.name + suffix) return &type;
  }
  return nullptr;
}

class Parser {
 public:
  Parser(const std::string& path, std::string bytes, Values& values)
      : path_(path), bytes_(std::move(bytes)), values_(values) {}

  const Torch7Value* ParseFile() {
    const Torch7Value* root = ParseValue(0);
    if (at_ != bytes_.size()) Refuse("there are bytes after its end");
    return root;
  }

 private:
  [[noreturn]] void Refuse(const std::string& why) const {
    throw InputError(path_ +
                     ": is not a Torch 7 file that can be read: " + why);
  }

  const char* Take(size_t count) {
    if (count > bytes_.size() - at_) Refuse("it ends too early");
    const char* begin = bytes_.data() + at_;
    at_ += count;
    return begin;
  }

  template <typename T>
  T Read() {
    T value;
    std::memcpy(&value, Take(sizeof value), sizeof value);
    return value;
  }

  std::string ReadString() {
    const auto length = Read<int32_t>();
    if (length < 0) Refuse("a text has a negative length");
    return {Take(length), static_cast<size_t>(length)};
  }

  Torch7Value* Add(Kind kind) {
    values_.push_back(std::make_unique<Torch7Value>());
    values_.back()->kind = kind;
    return values_.back().get();
  }

  const Torch7Value* ParseValue(int depth) {
    if (depth > kMaxDepth) Refuse("it is nested too deeply");
    switch (const auto type = Read<int32_t>()) {
      case 0:
        return Add(Kind::kNil);
      case 1: {
        Torch7Value* value = Add(Kind::kNumber);
        value->number = Read<double>();
        return value;
      }
      case 2: {
        Torch7Value* value = Add(Kind::kString);
        value->text = ReadString();
        return value;
      }
      case 3:
        return ParseTable(depth);
      case 4:
        return ParseObject(depth);
      case 5: {
        Torch7Value* value = Add(Kind::kBoolean);
        value->number = Read<int32_t>() != 0;
        return value;
      }
      case 6:
      case 7:
      case 8:
        Refuse("it holds a function");
      default:
        Refuse("unknown type of object " + std::to_string(type));
    }
  }

  const Torch7Value* ParseTable(int depth) {
    const auto index = Read<int32_t>();
    if (const auto seen = seen_.find(index); seen != seen_.end()) {
      return seen->second;
    }
    Torch7Value* table = Add(Kind::kTable);
    seen_[index] = table;
    const auto count = Read<int32_t>();
    if (count < 0) Refuse("a table has a negative size");
    for (int i = 0; i < count; ++i) {
      const Torch7Value* key = ParseValue(depth + 1);
      const Torch7Value* value = ParseValue(depth + 1);
      table->fields.emplace_back(key, value);
    }
    return table;
  }

  const Torch7Value* ParseObject(int depth) {
    const auto index = Read<int32_t>();
    if (const auto seen = seen_.find(index); seen != seen_.end()) {
      return seen->second;
    }
    std::string version = ReadString();
    // Files older than versions begin with the class name.
    std::string name = version.rfind("V ", 0) == 0 ? ReadString() : version;
    Torch7Value* object = Add(Kind::kObject);
    seen_[index] = object;
    object->text = name;
    if (TypeOf(name, "Tensor") != nullptr) {
      ParseTensor(*object, depth);
    } else if (const NumberType* type = TypeOf(name, "Storage")) {
      const auto count = Read<int64_t>();
      if (count < 0 || static_cast<uint64_t>(count) > bytes_.size()) {
        Refuse("a storage has an impossible size");
      }
      const auto size = static_cast<size_t>(count);
      object->storage = type->widen(Take(size * type->size), size);
    } else {
      const Torch7Value* fields = ParseValue(depth + 1);
      if (fields->kind == Kind::kTable) object->fields = fields->fields;
    }
    return object;
  }

  void ParseTensor(Torch7Value& value, int depth) {
    value.kind = Kind::kTensor;
    const auto dimensions = Read<int32_t>();
    if (dimensions < 0 || dimensions > kMaxDimensions) {
      Refuse("a tensor has an impossible number of dimensions");
    }
    std::vector<int64_t> stride(dimensions);
    value.tensor.shape.resize(dimensions);
    for (int64_t& n : value.tensor.shape) n = Read<int64_t>();
    for (int64_t& n : stride) n = Read<int64_t>();
    const int64_t offset = Read<int64_t>() - 1;
    const Torch7Value* storage = ParseValue(depth + 1);
    if (dimensions == 0) return;
    Gather(stride, offset, storage->storage, value.tensor);
  }

  // Numbers of a tensor in the order of its shape.
  void Gather(const std::vector<int64_t>& stride, int64_t offset,
              const std::vector<double>& storage, Tensor& tensor) const {
    const auto limit = static_cast<int64_t>(storage.size());
    int64_t count = 1, last = offset;
    for (size_t d = 0; d < stride.size(); ++d) {
      const int64_t n = tensor.shape[d];
      // Then no product below leaves 64 bits.
      if (n < 1 || n > limit || stride[d] < 0 || stride[d] > limit ||
          count > limit / n) {
        Refuse("a tensor does not fit its storage");
      }
      count *= n;
      last += (n - 1) * stride[d];
    }
    if (offset < 0 || last >= limit) {
      Refuse("a tensor does not fit its storage");
    }
    tensor.data.resize(count);
    std::vector<int64_t> place(stride.size());
    for (float& v : tensor.data) {
      int64_t at = offset;
      for (size_t d = 0; d < place.size(); ++d) at += place[d] * stride[d];
      v = static_cast<float>(storage[at]);
      for (size_t d = place.size(); d-- > 0;) {
        if (++place[d] < tensor.shape[d]) break;
        place[d] = 0;
      }
    }
  }

  std::string path_;
  std::string bytes_;
  size_t at_ = 0;
  Values& values_;
  std::map<int32_t, const Torch7Value*> seen_;
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- DeepDesc ----

class DeepDescReader {
 public:
  explicit DeepDescReader(const std::string& path) : path_(path), file_(path) {}

  Model Read() {
    const Torch7Value& root = file_.Root();
    const Torch7Value& network = Need(root.Find("desc"), "table 'desc'");
    const Torch7Value& modules =
        Need(network.Find("modules"), "modules of 'desc'");
    model_.spec.architecture = "deepdesc";
    const Tensor& mean = NeedTensor(root.Find("mean"), "tensor 'mean'");
    const Tensor& deviation = NeedTensor(root.Find("std"), "tensor 'std'");
    if (mean.shape.size() != 3 || deviation.shape != mean.shape) {
      Refuse("'mean' and 'std' are not images of one size");
    }
    for (const float v : deviation.data) {
      if (!(v > 0)) Refuse("a number of 'std' is not above 0");
    }
    model_.spec.input = {static_cast<int>(mean.shape[0]),
                         static_cast<int>(mean.shape[1]),
                         static_cast<int>(mean.shape[2])};
    model_.pixel_mean = mean.data;
    model_.pixel_deviation = deviation.data;
    for (int i = 1; modules.Find(i) != nullptr; ++i) {
      AddLayer(i, *modules.Find(i));
    }
    if (convolutions_ == 0) Refuse("it has no convolution");
    if (const std::string why = FindMisfit(model_); !why.empty()) Refuse(why);
    NoteSource(model_, path_, "Torch 7");
    return std::move(model_);
  }

 private:
  [[noreturn]] void Refuse(const std::string& why) const {
    throw InputError(path_ + ": is not a DeepDesc network: " + why);
  }

  const Torch7Value& Need(const Torch7Value* value,
                          const std::string& what) const {
    if (value == nullptr) Refuse("it has no " + what);
    return *value;
  }

  const Tensor& NeedTensor(const Torch7Value* value,
                           const std::string& what) const {
    const Torch7Value& found = Need(value, what);
    if (found.kind != Kind::kTensor) Refuse(what + " is no tensor");
    for (const float v : found.tensor.data) {
      if (!std::isfinite(v))
        Refuse(what + " holds a number that is not finite");
    }
    return found.tensor;
  }

  int NeedNumber(const Torch7Value& module, const char* name) const {
    const Torch7Value& value =
        Need(module.Find(name), std::string("number '") + name + "'");
    if (value.kind != Kind::kNumber || !(std::abs(value.number) < 1e6)) {
      Refuse(std::string("'") + name + "' is no number");
    }
    return static_cast<int>(value.number);
  }

  // A number that may be left out.
  double Number(const Torch7Value& module, const char* name,
                double fallback) const {
    const Torch7Value* value = module.Find(name);
    return value != nullptr && value->kind == Kind::kNumber ? value->number
                                                            : fallback;
  }

  void AddLayer(int index, const Torch7Value& module) {
    using Type = LayerSpec::Type;
    const std::string& name = module.text;
    LayerSpec layer;
    const auto is = [&](const char* what) {
      return name.find(what) != std::string::npos;
    };
    if (is("SpatialConvolution")) {
      layer = Convolution(index, module);
    } else if (is("Tanh")) {
      layer.type = Type::kTanh;
    } else if (is("SpatialLPPooling")) {
      layer.type = Type::kL2Pool;
      layer.kernel = NeedNumber(module, "kW");
      if (NeedNumber(module, "kH") != layer.kernel ||
          NeedNumber(module, "dW") != layer.kernel ||
          NeedNumber(module, "dH") != layer.kernel) {
        Refuse("pooling windows are not square or not side by side");
      }
    } else if (is("SpatialSubtractiveNormalization")) {
      layer = Subtraction(module);
    } else if (is("Reshape") || is("View")) {
      return;
    } else {
      Refuse("it has a module '" + name + "'");
    }
    model_.spec.layers.push_back(layer);
  }

  LayerSpec Convolution(int index, const Torch7Value& module) {
    const Tensor& weight = NeedTensor(module.Find("weight"), "'weight'");
    const Tensor& bias = NeedTensor(module.Find("bias"), "'bias'");
    if (weight.shape.size() != 4 || weight.shape[2] != weight.shape[3] ||
        bias.shape != std::vector<int64_t>{weight.shape[0]}) {
      Refuse("convolution " + std::to_string(index) + " has a strange shape");
    }
    if (Number(module, "dW", 1) != 1 || Number(module, "dH", 1) != 1 ||
        Number(module, "padW", 0) != 0 || Number(module, "padH", 0) != 0 ||
        Number(module, "padding", 0) != 0) {
      Refuse("convolutions have strides or padding");
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

  LayerSpec Subtraction(const Torch7Value& module) const {
    const Tensor& kernel = NeedTensor(module.Find("kernel"), "'kernel'");
    LayerSpec layer;
    layer.type = LayerSpec::Type::kSubtractiveNorm;
    if (!IsSubtractiveKernel(kernel)) {
      Refuse("the kernel of a subtractive normalisation is not the Gaussian");
    }
    layer.kernel = static_cast<int>(kernel.shape[0]);
    return layer;
  }

  std::string path_;
  Torch7File file_;
  Model model_;
  int convolutions_ = 0;
};

}  // namespace

const Torch7Value* Torch7Value::Find(const std::string& key) const {
  for (const auto& [name, value] : fields) {
    if (name->kind == Kind::kString && name->text == key) return value;
  }
  return nullptr;
}

const Torch7Value* Torch7Value::Find(int key) const {
  for (const auto& [name, value] : fields) {
    if (name->kind == Kind::kNumber && name->number == key) return value;
  }
  return nullptr;
}

Torch7File::Torch7File(const std::string& path) {
  root_ = Parser(path, ReadAll(path), values_).ParseFile();
}

Model ReadTorch7Model(const std::string& path) {
  return DeepDescReader(path).Read();
}

}  // namespace tiepoint
