// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/network/network_step.h"
#include "tiepoint/network/one_dnn_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;
using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using DataType = dnnl::memory::data_type;

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

}  // namespace

void PrepareWeights(const Model& model, int batch, NetworkStep& step) {
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
        step.src, any_weight, bias, step.dst, {layer.StrideY(), layer.stride},
        {layer.padding, layer.circular_x ? 0 : layer.padding}, attributes);
    weight = primitive.weights_desc();
    step.scratch = primitive.scratchpad_desc();
    step.primitive = dnnl::convolution_forward(primitive);
  } else {
    step.dst = Desc({batch, layer.out}, out_type, Tag::nc);
    const auto primitive =
        DescribeInnerProduct(step.src, any_weight, bias, step.dst, attributes);
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
  std::copy(bias_values.begin(), bias_values.end(), FloatsOf(step.bias));
}

}  // namespace tiepoint
