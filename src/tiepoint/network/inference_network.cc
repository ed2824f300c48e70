// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/inference_network.h"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <unordered_map>

#include "tiepoint/base/all_processors.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/network/filter_bank.h"
#include "tiepoint/network/jet.h"

// Activations are NHWC between layers: oneDNN's kernels take it without
// reordering, our loops vectorise over channels, and for one channel it is the
// caller's NCHW.

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;
constexpr auto kHalf = dnnl::memory::data_type::bf16;

// Whether oneDNN has kernels for bfloat16 here that are worth it.
bool HasFastHalf() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return true;
    default:
      return false;
  }
}

uint16_t HalfOf(float value) {  // to the nearest, ties to even
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// ---- oneDNN 2 and 3 differ in these three functions only ----

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

// ---- end of the differences ----

// oneDNN in Debian runs on OpenMP, whose number of threads is a property of the
// calling thread: ours work side by side already.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// `count` numbers, aligned as oneDNN likes them.
dnnl::memory Allocate(size_t count) {
  return dnnl::memory(
      Desc({static_cast<int64_t>(std::max<size_t>(count, 1))}, kFloat, Tag::x),
      Engine());
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

// ---- Layers that oneDNN does not have, or not better ----

TIEPOINT_ALL_PROCESSORS void ToHalf(const float* __restrict in, size_t count,
                                    uint16_t* __restrict out) {
  for (size_t i = 0; i < count; ++i) out[i] = HalfOf(in[i]);
}

// `copy` takes a number of values from a place of the input to one of the
// output.
template <typename In, typename Out, typename Copy>
void PadCircular(const In* in, const Shape& shape, int padding, Out* out,
                 const Copy& copy) {
  const size_t row = static_cast<size_t>(shape.width) * shape.channels;
  const size_t side = static_cast<size_t>(padding) * shape.channels;
  for (int y = 0; y < shape.height; ++y) {
    copy(in, row, out + side);
    std::copy_n(out + row, side, out);
    std::copy_n(out + side, side, out + side + row);
    in += row;
    out += row + 2 * side;
  }
}

void Pool(const LayerSpec& layer, const Shape& in_shape, const Shape& out_shape,
          const float* in, float* out) {
  const int k = layer.kernel, channels = in_shape.channels;
  const auto visit = [&](float start, const auto& step, const auto& finish) {
    for (int y = 0; y < out_shape.height; ++y) {
      for (int x = 0; x < out_shape.width; ++x) {
        std::fill(out, out + channels, start);
        for (int i = 0; i < k; ++i) {
          const float* row =
              in + (static_cast<size_t>(y * k + i) * in_shape.width + x * k) *
                       channels;
          for (int j = 0; j < k; ++j, row += channels) {
            for (int c = 0; c < channels; ++c) out[c] = step(out[c], row[c]);
          }
        }
        for (int c = 0; c < channels; ++c) out[c] = finish(out[c]);
        out += channels;
      }
    }
  };
  if (layer.type == Type::kMaxPool) {
    visit(
        -INFINITY, [](float a, float v) { return a > v ? a : v; },
        [](float a) { return a; });
  } else if (layer.type == Type::kAveragePool) {
    const float scale = 1.0f / static_cast<float>(k * k);
    visit(
        0, [](float a, float v) { return a + v; },
        [scale](float a) { return a * scale; });
  } else {
    visit(
        0, [](float a, float v) { return a + v * v; },
        [](float a) { return std::sqrt(a); });
  }
}

// Gaussian weighted mean along one axis of a line of `count` numbers `step`
// apart, over what lies inside. Both axes in turn give exactly the border
// correction of the two-dimensional window, because the window is separable.
void BlurLine(const std::vector<float>& kernel, const float* in, int count,
              int step, float* out) {
  const int radius = static_cast<int>(kernel.size()) / 2;
  for (int i = 0; i < count; ++i) {
    float sum = 0, weight = 0;
    for (int d = std::max(-radius, -i); d <= std::min(radius, count - 1 - i);
         ++d) {
      sum += kernel[d + radius] * in[(i + d) * step];
      weight += kernel[d + radius];
    }
    out[i * step] = sum / weight;
  }
}

void SubtractMean(const LayerSpec& layer, const Shape& shape, float* data) {
  const int radius = layer.kernel / 2;
  const double sigma = layer.kernel / 4.0;
  std::vector<float> kernel(layer.kernel);
  for (int d = -radius; d <= radius; ++d) {
    kernel[d + radius] =
        static_cast<float>(std::exp(-d * d / (2 * sigma * sigma)));
  }
  const int width = shape.width, height = shape.height, c = shape.channels;
  const size_t pixels = static_cast<size_t>(width) * height;
  std::vector<float> mean(pixels), rows(pixels);
  for (size_t p = 0; p < pixels; ++p) {
    float sum = 0;
    for (int i = 0; i < c; ++i) sum += data[p * c + i];
    mean[p] = sum / static_cast<float>(c);
  }
  for (int y = 0; y < height; ++y) {
    const size_t row = static_cast<size_t>(y) * width;
    BlurLine(kernel, mean.data() + row, width, 1, rows.data() + row);
  }
  for (int x = 0; x < width; ++x) {
    BlurLine(kernel, rows.data() + x, height, width, mean.data() + x);
  }
  for (size_t p = 0; p < pixels; ++p) {
    for (int i = 0; i < c; ++i) data[p * c + i] -= mean[p];
  }
}

void Hinge(const LayerSpec& layer, const Shape& shape, const float* in,
           float* out) {
  const size_t count = static_cast<size_t>(shape.width) * shape.height *
                       (shape.channels / (layer.sums * layer.maxes));
  for (size_t p = 0; p < count; ++p) {
    float sum = 0;
    for (int s = 0; s < layer.sums; ++s, in += layer.maxes) {
      float largest = in[0];
      for (int m = 1; m < layer.maxes; ++m) {
        largest = in[m] > largest ? in[m] : largest;
      }
      sum += s % 2 == 0 ? largest : -largest;
    }
    out[p] = sum;
  }
}

void Normalize(const Shape& shape, float* data) {
  double squares = 0;
  for (int i = 0; i < shape.Size(); ++i) squares += double(data[i]) * data[i];
  const float scale =
      squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0;
  for (int i = 0; i < shape.Size(); ++i) data[i] *= scale;
}

void MeanDirection(const Shape& in, const float* data, float* out) {
  const int width = in.width, reach = PeakReach(width);
  const float largest = *std::max_element(data, data + in.Size());
  // Once around and `reach` columns more on either side.
  std::vector<double> share(width + 2 * reach);
  double sum = 0;
  for (int i = 0; i < in.Size(); ++i) {
    const double p = std::exp(double(data[i]) - largest);
    share[reach + i % width] += p;
    sum += p;
  }
  for (int k = 0; k < reach; ++k) {
    share[k] = share[k + width];
    share[reach + width + k] = share[reach + k];
  }
  int peak = 0;
  double most = -1;
  for (int x = 0; x < width; ++x) {
    double around = 0;
    for (int k = 0; k <= 2 * reach; ++k) {
      around += (reach + 1 - std::abs(k - reach)) * share[x + k];
    }
    if (around > most) {
      most = around;
      peak = x;
    }
  }
  const double step = 2 * std::numbers::pi / width;
  double cosine = 0, sine = 0;
  for (int k = 0; k <= 2 * reach; ++k) {
    cosine += share[peak + k] * std::cos(step * (peak + k - reach));
    sine += share[peak + k] * std::sin(step * (peak + k - reach));
  }
  out[0] = static_cast<float>(cosine / sum);
  out[1] = static_cast<float>(sine / sum);
}

void NhwcFromNchw(const float* in, const Shape& shape, float* out) {
  const int pixels = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c) {
    for (int p = 0; p < pixels; ++p) out[p * shape.channels + c] = *in++;
  }
}

void NchwFromNhwc(const float* in, const Shape& shape, float* out) {
  const int pixels = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c) {
    for (int p = 0; p < pixels; ++p) *out++ = in[p * shape.channels + c];
  }
}

// One layer, or a layer with weights together with the activation behind it.
struct Step {
  LayerSpec layer;
  Shape in, out;
  // Layers with weights:
  std::optional<Type> activation;
  dnnl::primitive primitive;
  Desc src, dst, scratch;
  dnnl::memory weight, bias;
  bool half = false;      // it computes in bfloat16
  bool half_in = false;   // what comes in is of that type already
  bool half_out = false;  // what goes out is

  bool Circular() const {
    return layer.type == Type::kConv && layer.circular_x && layer.padding > 0;
  }
  // Is its input brought to another place first?
  bool Moved() const { return Circular() || (half && !half_in); }
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

// Makes the oneDNN side of a convolution or linear layer.
void Prepare(const Model& model, int batch, Step& step) {
  const LayerSpec& layer = step.layer;
  dnnl::post_ops ops;
  if (step.activation) {
    AppendActivation(ops, *step.activation == Type::kRelu
                              ? dnnl::algorithm::eltwise_relu
                              : dnnl::algorithm::eltwise_tanh);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);

  const auto type = step.half ? kHalf : kFloat;
  const auto out_type = step.half_out ? kHalf : kFloat;
  const Shape in = step.Padded();
  const bool conv = layer.type == Type::kConv;
  step.src = Desc({batch, in.channels, in.height, in.width}, type, Tag::nhwc);
  const Desc bias({layer.out}, kFloat, Tag::x);
  // A linear layer is a kernel as large as its input; weights of both are
  // stored in the order O I H W.
  const Dims weight_dims =
      conv ? Dims{layer.out, in.channels, layer.kernel, layer.kernel}
           : Dims{layer.out, in.channels, in.height, in.width};
  const Desc any_weight(weight_dims, type, Tag::any);
  Desc weight;
  if (conv) {
    step.dst = Desc({batch, layer.out, step.out.height, step.out.width},
                    out_type, Tag::nhwc);
    const auto primitive = DescribeConvolution(
        Engine(), step.src, any_weight, bias, step.dst,
        {layer.StrideY(), layer.stride},
        {layer.padding, layer.circular_x ? 0 : layer.padding}, attributes);
    weight = primitive.weights_desc();
    step.scratch = primitive.scratchpad_desc();
    step.primitive = dnnl::convolution_forward(primitive);
  } else {
    step.dst = Desc({batch, layer.out}, out_type, Tag::nc);
    const auto primitive = DescribeInnerProduct(Engine(), step.src, any_weight,
                                                bias, step.dst, attributes);
    weight = primitive.weights_desc();
    step.scratch = primitive.scratchpad_desc();
    step.primitive = dnnl::inner_product_forward(primitive);
  }

  const Tensor& weights =
      FindTensor(model, layer.name + ".weight", WeightShape(layer, step.in));
  const Tensor& biases = FindTensor(model, layer.name + ".bias", {layer.out});
  // oneDNN reads through a pointer to non-const.
  dnnl::memory plain(Desc(weight_dims, kFloat, Tag::oihw), Engine(),
                     const_cast<float*>(weights.data.data()));
  step.weight = dnnl::memory(weight, Engine());
  dnnl::stream stream(Engine());
  dnnl::reorder(plain, step.weight).execute(stream, plain, step.weight);
  stream.wait();
  step.bias = dnnl::memory(bias, Engine());
  std::copy(biases.data.begin(), biases.data.end(), Data(step.bias));
}

// Everything that one thread writes to while it runs a plan.
struct Workspace {
  dnnl::stream stream;
  dnnl::memory maps[2];  // input and output of a step, in turn
  dnnl::memory padded;
  // Arguments of the oneDNN primitives, one entry a step.
  std::vector<std::unordered_map<int, dnnl::memory>> arguments;
};

// The network for one number of samples and one input size. Immutable.
class Plan {
 public:
  Plan(const Model& model, const Shape& input, int batch, bool half = false)
      : batch_(batch) {
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
        step.half = half;
        step.half_in = half && !steps_.empty() && steps_.back().half_out;
        step.half_out =
            half && i + 1 < layers.size() && layers[i + 1].HasWeights();
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

  int batch() const { return batch_; }
  const Shape& input() const { return input_; }
  const Shape& output() const { return output_; }

  std::unique_ptr<Workspace> MakeWorkspace() const {
    auto work = std::make_unique<Workspace>();
    work->stream = dnnl::stream(Engine());
    for (dnnl::memory& map : work->maps) map = Allocate(map_size_ * batch_);
    work->padded = Allocate(padded_size_ * batch_);
    int side = 0;  // of the map that holds the step's input
    for (const Step& step : steps_) {
      work->arguments.emplace_back();
      if (step.layer.HasWeights()) {
        float* src = Data(step.Moved() ? work->padded : work->maps[side]);
        work->arguments.back() = {
            {DNNL_ARG_SRC, dnnl::memory(step.src, Engine(), src)},
            {DNNL_ARG_WEIGHTS, step.weight},
            {DNNL_ARG_BIAS, step.bias},
            {DNNL_ARG_DST,
             dnnl::memory(step.dst, Engine(), Data(work->maps[1 - side]))},
            {DNNL_ARG_SCRATCHPAD, dnnl::memory(step.scratch, Engine())}};
      }
      if (!step.InPlace()) side = 1 - side;
    }
    return work;
  }

  // `input` fills the batch (NHWC) and is destroyed; it is
  // work.maps[0]. Returns the batch of outputs (NHWC), inside `work`.
  const float* Run(Workspace& work) const {
    const OneThread one_thread;
    int side = 0;
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      float* in = Data(work.maps[side]);
      float* out = Data(work.maps[1 - side]);
      if (step.layer.HasWeights()) {
        if (step.Moved()) Move(step, in, Data(work.padded));
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

 private:
  // Pads the input of a step and brings it to its type.
  void Move(const Step& step, const float* in, float* padded) const {
    // Rows are independent, so the batch is one tall picture.
    Shape rows = step.in;
    rows.height *= batch_;
    const int padding = step.Circular() ? step.layer.padding : 0;
    // The same memory holds numbers of both types.
    const auto* half_in = reinterpret_cast<const uint16_t*>(in);
    auto* half = reinterpret_cast<uint16_t*>(padded);
    if (!step.half) {
      PadCircular(in, rows, padding, padded,
                  [](const float* from, size_t count, float* to) {
                    std::copy_n(from, count, to);
                  });
    } else if (step.half_in) {
      PadCircular(half_in, rows, padding, half,
                  [](const uint16_t* from, size_t count, uint16_t* to) {
                    std::copy_n(from, count, to);
                  });
    } else {
      PadCircular(in, rows, padding, half, ToHalf);
    }
  }

  static void RunPlain(const Step& step, float* in, float* out) {
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

  int batch_;
  Shape input_, output_;
  std::vector<Step> steps_;
  size_t map_size_ = 0;     // largest map between layers, of one sample
  size_t padded_size_ = 0;  // largest circularly padded map
};

// A detector of one convolution with large kernels and a GHH, by Fourier
// transforms: LIFT's takes a quarter of the time of oneDNN's convolution.
class DenseFilters {
 public:
  // Smaller kernels are faster as plain sums.
  static constexpr int kMinKernel = 15;

  static bool Fits(const NetworkSpec& spec) {
    if (spec.layers.size() != 2 || spec.input.channels != 1) return false;
    const LayerSpec& conv = spec.layers[0];
    return conv.type == Type::kConv && conv.stride == 1 &&
           conv.StrideY() == 1 && conv.padding == 0 &&
           conv.kernel >= kMinKernel && conv.kernel <= FilterBank::kMaxKernel &&
           spec.layers[1].type == Type::kGhh;
  }

  explicit DenseFilters(const Model& model)
      : ghh_(model.spec.layers[1]),
        bias_(model.weights.at(model.spec.layers[0].name + ".bias").data),
        bank_(model.weights.at(model.spec.layers[0].name + ".weight").data,
              model.spec.layers[0].out, model.spec.layers[0].kernel) {}

  int ResultSide() const { return bank_.ResultSide(); }

  // The dense map of shape `out` of a plane that is width x height.
  std::vector<float> Run(const float* plane, int width, int height,
                         const Shape& out) const {
    const int side = bank_.ResultSide();
    const int columns = (out.width + side - 1) / side;
    const int rows = (out.height + side - 1) / side;
    std::vector<float> map(static_cast<size_t>(out.channels) * out.height *
                           out.width);
    WorkspacePool<Workspace> workspaces(
        [] { return std::make_unique<Workspace>(); });
    ParallelFor(columns * rows, [&](int tile) {
      const int x0 = tile % columns * side, y0 = tile / columns * side;
      auto work = workspaces.Take();
      Load(plane, width, height, x0, y0, work->bank.input.re);
      bank_.SetChannel(work->bank, 0);
      bank_.Run(work->bank, [&](int channel, const float* response) {
        if (!Hinge(channel, response, *work)) return;
        const int o = channel / (ghh_.sums * ghh_.maxes);
        for (int y = y0; y < std::min(y0 + side, out.height); ++y) {
          std::copy_n(
              work->sum.data() + (y - y0) * kStride,
              std::min(side, out.width - x0),
              map.data() +
                  (static_cast<size_t>(o) * out.height + y) * out.width + x0);
        }
      });
      workspaces.Return(std::move(work));
    });
    return map;
  }

 private:
  static constexpr int kTile = FilterBank::kTile;
  static constexpr int kStride = FilterBank::kStride;

  struct Workspace {
    FilterBank::Workspace bank;
    // Of the filters so far: the maximum of a group, the sum of an output.
    std::vector<float> largest = std::vector<float>(kTile * kStride);
    std::vector<float> sum = std::vector<float>(kTile * kStride);
  };

  // The tile at (x0, y0), with zeros beyond the plane.
  static void Load(const float* plane, int width, int height, int x0, int y0,
                   std::vector<float>& tile) {
    std::fill(tile.begin(), tile.end(), 0.0f);
    for (int y = 0; y < std::min(kTile, height - y0); ++y) {
      std::copy_n(plane + static_cast<size_t>(y0 + y) * width + x0,
                  std::min(kTile, width - x0), tile.data() + y * kStride);
    }
  }

  // Takes one filter in; whether the output is complete with it.
  bool Hinge(int channel, const float* response, Workspace& work) const {
    const int count = bank_.ResultSide() * kStride;
    const int m = channel % ghh_.maxes;
    const int s = channel / ghh_.maxes % ghh_.sums;
    const float bias = bias_[channel];
    float* largest = work.largest.data();
    float* sum = work.sum.data();
    for (int i = 0; i < count; ++i) {
      const float v = response[i] + bias;
      largest[i] = m == 0 || v > largest[i] ? v : largest[i];
    }
    if (m + 1 < ghh_.maxes) return false;
    const float sign = s % 2 == 0 ? 1.0f : -1.0f;
    const float before = s == 0 ? 0.0f : 1.0f;
    for (int i = 0; i < count; ++i) {
      sum[i] = before * sum[i] + sign * largest[i];
    }
    return s + 1 == ghh_.sums;
  }

  LayerSpec ghh_;
  std::vector<float> bias_;
  FilterBank bank_;
};

// A detector that is a small network on the jet of each pixel; nothing when the
// layers are others.
std::optional<JetScore> JetScoreOf(const Model& model) {
  const auto& layers = model.spec.layers;
  const auto point = [&](size_t i) {
    return layers[i].type == Type::kConv && layers[i].kernel == 1 &&
           layers[i].stride == 1 && layers[i].StrideY() == 1 &&
           layers[i].padding == 0;
  };
  if (layers.size() != 4 || layers[0].type != Type::kJet || !point(1) ||
      layers[2].type != Type::kRelu || !point(3) || layers[3].out != 1) {
    return std::nullopt;
  }
  const auto values = [&](size_t i, const char* what) {
    return model.weights.at(layers[i].name + what).data;
  };
  return JetScore{values(1, ".weight"), values(1, ".bias"),
                  values(3, ".weight"), values(3, ".bias").front()};
}

// Samples that go through the layers together; a last chunk that is not full is
// padded with zeros, so that every sample meets the same kernels. As many as
// leave two maps in the second-level cache: calls of oneDNN cost some
// microseconds each, and DeepDesc, whose maps are large, runs 1.5 times as fast
// with 4 as with 32.
int ChunkOf(const NetworkSpec& spec) {
  constexpr int kNumbers = 1 << 17;
  int largest = 1;
  for (const Shape& shape : Shapes(spec, spec.input)) {
    largest = std::max(largest, shape.Size());
  }
  int chunk = InferenceNetwork::kBatch;
  while (chunk > 4 && 2 * chunk * largest > kNumbers) chunk /= 2;
  return chunk;
}

// Largest map of a strip, in numbers: about what the second-level cache holds.
constexpr int kStripSize = 1 << 18;
constexpr int kMinStripRows = 8;

}  // namespace

struct InferenceNetwork::Impl {
  Impl(Model m, bool half)
      : model(std::move(m)),
        plan(model, model.spec.input, ChunkOf(model.spec), half),
        workspaces([this] { return plan.MakeWorkspace(); }) {
    if (DenseFilters::Fits(model.spec)) filters.emplace(model);
    jet = JetScoreOf(model);
  }

  // `put` and `take` bring a sample to the order of the layers and back.
  template <typename Put, typename Take>
  void RunChunks(const float* input, int count, float* output, const Put& put,
                 const Take& take) const {
    const size_t in_size = plan.input().Size();
    const size_t out_size = plan.output().Size();
    const int chunk_size = plan.batch();
    auto work = workspaces.Take();
    for (int first = 0; first < count; first += chunk_size) {
      const int filled = std::min(chunk_size, count - first);
      float* chunk = Data(work->maps[0]);
      for (int n = 0; n < filled; ++n, input += in_size) {
        put(input, plan.input(), chunk + n * in_size);
      }
      std::fill(chunk + filled * in_size, chunk + chunk_size * in_size, 0.0f);
      const float* result = plan.Run(*work);
      for (int n = 0; n < filled; ++n, output += out_size) {
        take(result + n * out_size, plan.output(), output);
      }
    }
    workspaces.Return(std::move(work));
  }

  Model model;
  Plan plan;
  // Of Run.
  mutable WorkspacePool<Workspace> workspaces;
  // Of RunDense, where they are faster than a plan.
  std::optional<DenseFilters> filters;
  std::optional<JetScore> jet;
};

InferenceNetwork::InferenceNetwork(Model model, Precision precision)
    : impl_(std::make_unique<Impl>(
          std::move(model),
          precision == Precision::kFastest && HasFastHalf())) {}
InferenceNetwork::~InferenceNetwork() = default;
InferenceNetwork::InferenceNetwork(InferenceNetwork&&) noexcept = default;
InferenceNetwork& InferenceNetwork::operator=(InferenceNetwork&&) noexcept =
    default;

const Model& InferenceNetwork::model() const { return impl_->model; }

void InferenceNetwork::Run(const float* input, int count, float* output) const {
  impl_->RunChunks(input, count, output, NhwcFromNchw, NchwFromNhwc);
}

void InferenceNetwork::RunChannelsLast(const float* input, int count,
                                       float* output) const {
  const auto copy = [](const float* from, const Shape& shape, float* to) {
    std::copy_n(from, shape.Size(), to);
  };
  impl_->RunChunks(input, count, output, copy, copy);
}

std::vector<float> InferenceNetwork::RunDense(const float* plane, int width,
                                              int height, int* out_width,
                                              int* out_height) const {
  const Model& model = impl_->model;
  for (const LayerSpec& layer : model.spec.layers) {
    const bool conv = layer.type == Type::kConv && layer.stride == 1 &&
                      layer.StrideY() == 1 && layer.padding == 0;
    if (!conv && layer.type != Type::kRelu && layer.type != Type::kTanh &&
        layer.type != Type::kGhh && layer.type != Type::kJet) {
      throw InputError(
          "network '" + model.spec.architecture +
          "' cannot run densely: it may hold unpadded "
          "convolutions of stride 1, relu, tanh, ghh and jet only");
    }
  }
  const auto shapes = Shapes(model.spec, {1, height, width});
  const Shape out = shapes.back();
  *out_width = out.width;
  *out_height = out.height;
  if (impl_->jet) return ScoreJet(*impl_->jet, plane, width, height);
  if (impl_->filters) return impl_->filters->Run(plane, width, height, out);

  const int rows = std::min(out.height, DenseRowStep(width));
  const int halo = height - out.height;
  const Plan plan(model, {1, rows + halo, width}, 1);
  WorkspacePool<Workspace> workspaces([&plan] { return plan.MakeWorkspace(); });

  std::vector<float> map(static_cast<size_t>(out.channels) * out.height *
                         out.width);
  ParallelFor((out.height + rows - 1) / rows, [&](int strip) {
    // The last strip has the shape of all others and overlaps the one before,
    // whose rows it does not write.
    const int first = strip * rows;
    const int start = std::min(first, out.height - rows);
    auto work = workspaces.Take();
    const size_t in_row = width;
    std::copy(plane + start * in_row, plane + (start + rows + halo) * in_row,
              Data(work->maps[0]));
    const float* result = plan.Run(*work);
    for (int y = first; y < start + rows; ++y) {
      const float* in =
          result + static_cast<size_t>(y - start) * out.width * out.channels;
      for (int c = 0; c < out.channels; ++c) {
        float* to =
            map.data() + (static_cast<size_t>(c) * out.height + y) * out.width;
        for (int x = 0; x < out.width; ++x) to[x] = in[x * out.channels + c];
      }
    }
    workspaces.Return(std::move(work));
  });
  return map;
}

int InferenceNetwork::DenseRowStep(int width) const {
  if (impl_->jet) return 1;
  if (impl_->filters) return impl_->filters->ResultSide();
  const NetworkSpec& spec = impl_->model.spec;
  int row_size = 1;
  for (const Shape& shape :
       Shapes(spec, {1, std::max(spec.input.height, 1), width})) {
    row_size = std::max(row_size, shape.channels * shape.width);
  }
  return std::max(kMinStripRows, kStripSize / row_size);
}

}  // namespace tiepoint
