// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/network_plan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"
#include "tiepoint/network/number_types.h"
#include "tiepoint/network/plain_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
using Precision = InferenceNetwork::Precision;
using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using DataType = dnnl::memory::data_type;

// ---- oneDNN 2 and 3 differ in these functions only ----

void AppendActivation(dnnl::post_ops& ops, dnnl::algorithm algorithm) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(algorithm, 0, 0);
#else
  ops.append_eltwise(1, algorithm, 0, 0);
#endif
}

auto DescribeConvolution(const dnnl::engine& engine, const Desc& src,
                         const Desc& weight, const Desc& bias, const Desc& dst,
                         const Dims& strides, const Dims& padding,
                         const dnnl::primitive_attr& attributes) {
  using Convolution = dnnl::convolution_forward;
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return Convolution::primitive_desc(engine, kKind, kAlgorithm, src, weight,
                                     bias, dst, strides, padding, padding,
                                     attributes);
#else
  return Convolution::primitive_desc(
      Convolution::desc(kKind, kAlgorithm, src, weight, bias, dst, strides,
                        padding, padding),
      attributes, engine);
#endif
}

auto DescribeInnerProduct(const dnnl::engine& engine, const Desc& src,
                          const Desc& weight, const Desc& bias, const Desc& dst,
                          const dnnl::primitive_attr& attributes) {
  using InnerProduct = dnnl::inner_product_forward;
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return InnerProduct::primitive_desc(engine, kKind, src, weight, bias, dst,
                                      attributes);
#else
  return InnerProduct::primitive_desc(
      InnerProduct::desc(kKind, src, weight, bias, dst), attributes, engine);
#endif
}

// Results are multiplied by these, one a channel, before the activation.
void SetOutputScales([[maybe_unused]] dnnl::primitive_attr& attributes,
                     [[maybe_unused]] const std::vector<float>& scales) {
#if DNNL_VERSION_MAJOR < 3
  attributes.set_output_scales(1 << 1, scales);
#endif
}

// oneDNN 3 has scales of inputs and weights in place of those of results, and
// could not be tried here: there int8 becomes bfloat16.
bool HasInt8() {
#if DNNL_VERSION_MAJOR < 3
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
    case dnnl::cpu_isa::avx2_vnni:
      return true;
    default:
      return false;
  }
#else
  return false;
#endif
}

// ---- end of the differences ----

DataType DnnType(NumberType type) {
  switch (type) {
    case NumberType::kFloat:
      return DataType::f32;
    case NumberType::kHalf:
      return DataType::bf16;
    case NumberType::kByte:
      return DataType::u8;
    case NumberType::kSignedByte:
      break;
  }
  return DataType::s8;
}

// `count` floats, aligned as oneDNN likes them.
dnnl::memory Allocate(size_t count) {
  return dnnl::memory(Desc({static_cast<int64_t>(std::max<size_t>(count, 1))},
                           DataType::f32, Tag::x),
                      OneDnnEngine());
}

float* Data(const dnnl::memory& memory) {
  return static_cast<float*>(memory.get_data_handle());
}

const Tensor& FindTensor(const Model& model, const std::string& name,
                         const std::vector<int64_t>& shape) {
  const auto found = model.weights.find(name);
  if (found == model.weights.end() || found->second.shape != shape ||
      static_cast<int64_t>(found->second.data.size()) != found->second.Size()) {
    throw InputError("tensor '" + name + "' of network '" +
                     model.spec.architecture +
                     "' is missing or does not fit its input");
  }
  return found->second;
}

bool IsByte(NumberType type) {
  return type == NumberType::kByte || type == NumberType::kSignedByte;
}

// What one number of a layer's input stands for in bytes, from the range that
// was measured; nothing when it was not.
struct ByteRange {
  NumberType type;
  float step;
};
std::optional<ByteRange> ByteRangeOf(const Model& model,
                                     const LayerSpec& layer) {
  const double range = model.Number(Int8RangeNote(layer.name), 0);
  if (range == 0 || !std::isfinite(range)) return std::nullopt;
  if (range > 0) {
    return ByteRange{NumberType::kByte, static_cast<float>(range / 255)};
  }
  return ByteRange{NumberType::kSignedByte, static_cast<float>(-range / 127)};
}

}  // namespace

// One layer, or a layer with weights together with the activation behind it.
struct NetworkPlan::Step {
  LayerSpec layer;
  Shape in, out;
  // Layers with weights:
  std::optional<Type> activation;
  dnnl::primitive primitive;
  Desc src, dst, scratch;
  dnnl::memory weight, bias;
  // What it computes with, what comes in, what goes out.
  NumberType type = NumberType::kFloat;
  NumberType in_type = NumberType::kFloat;
  NumberType out_type = NumberType::kFloat;
  float in_step = 1, out_step = 1;  // of bytes

  bool Circular() const {
    return layer.type == Type::kConv && layer.circular_x && layer.padding > 0;
  }
  // Is its input brought to another place first?
  bool Moved() const { return Circular() || type != in_type; }
  bool InPlace() const {
    return layer.type == Type::kRelu || layer.type == Type::kTanh ||
           layer.type == Type::kSubtractiveNorm ||
           layer.type == Type::kL2Normalize;
  }
  Shape Padded() const {
    Shape shape = in;
    if (Circular()) shape.width += 2 * layer.padding;
    return shape;
  }
};

namespace {

using Step = NetworkPlan::Step;

// The weights of a layer in signed bytes, O I H W, and what each output channel
// is multiplied by for it.
struct ByteWeights {
  std::vector<int8_t> values;
  std::vector<float> steps;
};

ByteWeights InBytes(const Tensor& weights, int outputs) {
  ByteWeights result;
  result.values.resize(weights.data.size());
  const size_t each = weights.data.size() / outputs;
  for (int o = 0; o < outputs; ++o) {
    const float* row = weights.data.data() + o * each;
    float largest = 0;
    for (size_t i = 0; i < each; ++i) {
      largest = std::max(largest, std::abs(row[i]));
    }
    const float step = largest > 0 ? largest / 127 : 1;
    for (size_t i = 0; i < each; ++i) {
      result.values[o * each + i] =
          static_cast<int8_t>(std::lround(row[i] / step));
    }
    result.steps.push_back(step);
  }
  return result;
}

// Makes the oneDNN side of a convolution or linear layer.
void Prepare(const Model& model, int batch, Step& step) {
  const LayerSpec& layer = step.layer;
  const Tensor& weights =
      FindTensor(model, layer.name + ".weight", WeightShape(layer, step.in));
  const Tensor& biases = FindTensor(model, layer.name + ".bias", {layer.out});
  std::vector<float> bias_values = biases.data;
  ByteWeights bytes;

  dnnl::post_ops ops;
  if (step.activation) {
    AppendActivation(ops, *step.activation == Type::kRelu
                              ? dnnl::algorithm::eltwise_relu
                              : dnnl::algorithm::eltwise_tanh);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (IsByte(step.type)) {
    bytes = InBytes(weights, layer.out);
    // oneDNN's sum is of integers; the bias joins it in their unit.
    std::vector<float> scales;
    for (int o = 0; o < layer.out; ++o) {
      const float unit = step.in_step * bytes.steps[o];
      bias_values[o] /= unit;
      scales.push_back(unit / step.out_step);
    }
    SetOutputScales(attributes, scales);
  }

  const DataType type = DnnType(step.type);
  const DataType weight_type =
      IsByte(step.type) ? DataType::s8 : DnnType(step.type);
  const DataType out_type = DnnType(step.out_type);
  const Shape in = step.Padded();
  const bool conv = layer.type == Type::kConv;
  step.src = Desc({batch, in.channels, in.height, in.width}, type, Tag::nhwc);
  const Desc bias({layer.out}, DataType::f32, Tag::x);
  // A linear layer is a kernel as large as its input; weights of both are
  // stored in the order O I H W.
  const Dims weight_dims =
      conv ? Dims{layer.out, in.channels, layer.kernel, layer.kernel}
           : Dims{layer.out, in.channels, in.height, in.width};
  const Desc any_weight(weight_dims, weight_type, Tag::any);
  Desc weight;
  if (conv) {
    step.dst = Desc({batch, layer.out, step.out.height, step.out.width},
                    out_type, Tag::nhwc);
    const auto primitive = DescribeConvolution(
        OneDnnEngine(), step.src, any_weight, bias, step.dst,
        {layer.StrideY(), layer.stride},
        {layer.padding, layer.circular_x ? 0 : layer.padding}, attributes);
    weight = primitive.weights_desc();
    step.scratch = primitive.scratchpad_desc();
    step.primitive = dnnl::convolution_forward(primitive);
  } else {
    step.dst = Desc({batch, layer.out}, out_type, Tag::nc);
    const auto primitive = DescribeInnerProduct(
        OneDnnEngine(), step.src, any_weight, bias, step.dst, attributes);
    weight = primitive.weights_desc();
    step.scratch = primitive.scratchpad_desc();
    step.primitive = dnnl::inner_product_forward(primitive);
  }

  // oneDNN reads through a pointer to non-const.
  void* values = IsByte(step.type) ? static_cast<void*>(bytes.values.data())
                                   : const_cast<float*>(weights.data.data());
  dnnl::memory plain(
      Desc(weight_dims, IsByte(step.type) ? DataType::s8 : DataType::f32,
           Tag::oihw),
      OneDnnEngine(), values);
  step.weight = dnnl::memory(weight, OneDnnEngine());
  dnnl::stream stream(OneDnnEngine());
  dnnl::reorder(plain, step.weight).execute(stream, plain, step.weight);
  stream.wait();
  step.bias = dnnl::memory(bias, OneDnnEngine());
  std::copy(bias_values.begin(), bias_values.end(), Data(step.bias));
}

// Chooses what a layer with weights computes with. `next`: the layer behind it
// and its activation, where that has weights, too.
void ChooseTypes(const Model& model, Precision precision, const Step* before,
                 const LayerSpec* next, Step& step) {
  const auto type_of = [&](const LayerSpec& layer, int channels) {
    if (precision == Precision::kFloat) return NumberType::kFloat;
    if (precision == Precision::kInt8 && channels > 1) {
      // oneDNN gains nothing on one channel.
      if (const auto range = ByteRangeOf(model, layer)) return range->type;
    }
    return HasFastHalf() ? NumberType::kHalf : NumberType::kFloat;
  };
  step.type = type_of(step.layer, step.in.channels);
  if (IsByte(step.type)) step.in_step = ByteRangeOf(model, step.layer)->step;
  step.in_type = before != nullptr && before->layer.HasWeights()
                     ? before->out_type
                     : NumberType::kFloat;
  if (next == nullptr) return;
  const NumberType wanted = type_of(*next, step.out.channels);
  const bool relu = step.activation == Type::kRelu;
  if (step.type == NumberType::kHalf) {
    step.out_type = NumberType::kHalf;
  } else if (IsByte(step.type) && wanted == NumberType::kByte && relu) {
    // Cutting and rounding may follow the activation, which scales with what it
    // takes.
    step.out_type = wanted;
    step.out_step = ByteRangeOf(model, *next)->step;
  }
}

// `in`: the maps before a step, to `padded` in its type, circular borders
// filled.
void Move(const Step& step, int batch, const void* in, void* padded) {
  // Rows are independent, so the batch is one tall picture.
  const size_t rows = static_cast<size_t>(step.in.height) * batch;
  const size_t row = static_cast<size_t>(step.in.width) * step.in.channels;
  const size_t padding =
      step.Circular()
          ? static_cast<size_t>(step.layer.padding) * step.in.channels
          : 0;
  const auto* from = static_cast<const char*>(in);
  auto* to = static_cast<char*>(padded);
  const size_t bytes = BytesOf(step.type);
  if (padding == 0) {
    ConvertNumbers(from, step.in_type, rows * row, to, step.type, step.in_step);
    return;
  }
  const size_t side = padding * bytes;
  for (size_t y = 0; y < rows; ++y) {
    ConvertNumbers(from, step.in_type, row, to + side, step.type, step.in_step);
    std::memcpy(to, to + row * bytes, side);
    std::memcpy(to + side + row * bytes, to + side, side);
    from += row * BytesOf(step.in_type);
    to += row * bytes + 2 * side;
  }
}

void RunPlain(const NetworkPlan::Step& step, float* in, float* out) {
  switch (step.layer.type) {
    case Type::kRelu:
      for (int i = 0; i < step.in.Size(); ++i) in[i] = std::max(in[i], 0.0f);
      break;
    case Type::kTanh:
      for (int i = 0; i < step.in.Size(); ++i) in[i] = std::tanh(in[i]);
      break;
    case Type::kMaxPool:
    case Type::kAveragePool:
    case Type::kL2Pool:
      Pool(step.layer, step.in, step.out, in, out);
      break;
    case Type::kSubtractiveNorm:
      SubtractMean(step.layer, step.in, in);
      break;
    case Type::kGhh:
      Hinge(step.layer, step.in, in, out);
      break;
    case Type::kL2Normalize:
      Normalize(step.in, in);
      break;
    case Type::kCircularSoftArgmax:
      MeanDirection(step.in, in, out);
      break;
    case Type::kJet: {
      std::vector<float> planes(step.out.Size());
      ComputeJet(in, step.in.width, step.in.height, planes.data());
      NhwcFromNchw(planes.data(), step.out, out);
      break;
    }
    case Type::kConv:
    case Type::kLinear:
      break;  // oneDNN's
  }
}

}  // namespace

InferenceNetwork::Precision ResolvePrecision(Precision precision,
                                             const Model& model) {
  if (precision == Precision::kFastest || precision == Precision::kInt8) {
    const bool measured = std::any_of(
        model.notes.begin(), model.notes.end(),
        [](const auto& n) { return n.first.starts_with(kInt8RangePrefix); });
    const bool wanted = precision == Precision::kInt8 ||
                        !model.notes.contains(kInt8WhenAskedNote);
    precision = measured && wanted && HasInt8() ? Precision::kInt8
                                                : Precision::kBfloat16;
  }
  if (precision == Precision::kBfloat16 && !HasFastHalf()) {
    return Precision::kFloat;
  }
  return precision;
}

NetworkPlan::~NetworkPlan() = default;

NetworkPlan::NetworkPlan(const Model& model, const Shape& input, int batch,
                         Precision precision)
    : batch_(batch) {
  precision = ResolvePrecision(precision, model);
  const OneThread one_thread;
  const auto& layers = model.spec.layers;
  const auto shapes = Shapes(model.spec, input);
  map_size_ = static_cast<size_t>(input.Size());
  for (size_t i = 0; i < layers.size(); ++i) {
    Step step;
    step.layer = layers[i];
    step.in = shapes[i];
    step.out = shapes[i + 1];
    if (layers[i].HasWeights()) {
      if (i + 1 < layers.size() && (layers[i + 1].type == Type::kRelu ||
                                    layers[i + 1].type == Type::kTanh)) {
        step.activation = layers[++i].type;
      }
      const bool more = i + 1 < layers.size() && layers[i + 1].HasWeights();
      ChooseTypes(model, precision, steps_.empty() ? nullptr : &steps_.back(),
                  more ? &layers[i + 1] : nullptr, step);
      Prepare(model, batch, step);
    }
    map_size_ = std::max(map_size_, static_cast<size_t>(step.out.Size()));
    if (step.Moved()) {
      padded_size_ =
          std::max(padded_size_, static_cast<size_t>(step.Padded().Size()));
    }
    steps_.push_back(std::move(step));
  }
  input_ = shapes.front();
  output_ = shapes.back();
}

std::unique_ptr<NetworkPlan::Workspace> NetworkPlan::MakeWorkspace() const {
  auto work = std::make_unique<Workspace>();
  work->stream = dnnl::stream(OneDnnEngine());
  for (dnnl::memory& map : work->maps) map = Allocate(map_size_ * batch_);
  work->padded = Allocate(padded_size_ * batch_);
  int side = 0;  // of the map that holds the step's input
  for (const Step& step : steps_) {
    work->arguments.emplace_back();
    if (step.layer.HasWeights()) {
      float* src = Data(step.Moved() ? work->padded : work->maps[side]);
      work->arguments.back() = {
          {DNNL_ARG_SRC, dnnl::memory(step.src, OneDnnEngine(), src)},
          {DNNL_ARG_WEIGHTS, step.weight},
          {DNNL_ARG_BIAS, step.bias},
          {DNNL_ARG_DST,
           dnnl::memory(step.dst, OneDnnEngine(), Data(work->maps[1 - side]))},
          {DNNL_ARG_SCRATCHPAD, dnnl::memory(step.scratch, OneDnnEngine())}};
    }
    if (!step.InPlace()) side = 1 - side;
  }
  return work;
}

float* NetworkPlan::InputOf(Workspace& work) { return Data(work.maps[0]); }

const float* NetworkPlan::Run(Workspace& work) const {
  const OneThread one_thread;
  int side = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    float* in = Data(work.maps[side]);
    float* out = Data(work.maps[1 - side]);
    if (step.layer.HasWeights()) {
      if (step.Moved()) Move(step, batch_, in, Data(work.padded));
      step.primitive.execute(work.stream, work.arguments[i]);
      work.stream.wait();
    } else {
      for (int n = 0; n < batch_; ++n) {
        RunPlain(step, in + static_cast<size_t>(n) * step.in.Size(),
                 out + static_cast<size_t>(n) * step.out.Size());
      }
    }
    if (!step.InPlace()) side = 1 - side;
  }
  return Data(work.maps[side]);
}

}  // namespace tiepoint
