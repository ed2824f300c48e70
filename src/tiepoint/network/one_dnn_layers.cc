// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/one_dnn_layers.h"

#include <algorithm>
#include <cstdint>

namespace tiepoint {
namespace {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using DataType = dnnl::memory::data_type;

}  // namespace

void AppendActivation(dnnl::post_ops& ops, dnnl::algorithm algorithm) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(algorithm, 0, 0);
#else
  ops.append_eltwise(1, algorithm, 0, 0);
#endif
}

dnnl::convolution_forward::primitive_desc DescribeConvolution(
    const Desc& src, const Desc& weight, const Desc& bias, const Desc& dst,
    const Dims& strides, const Dims& padding,
    const dnnl::primitive_attr& attributes) {
  using Convolution = dnnl::convolution_forward;
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return Convolution::primitive_desc(OneDnnEngine(), kKind, kAlgorithm, src,
                                     weight, bias, dst, strides, padding,
                                     padding, attributes);
#else
  return Convolution::primitive_desc(
      Convolution::desc(kKind, kAlgorithm, src, weight, bias, dst, strides,
                        padding, padding),
      attributes, OneDnnEngine());
#endif
}

dnnl::inner_product_forward::primitive_desc DescribeInnerProduct(
    const Desc& src, const Desc& weight, const Desc& bias, const Desc& dst,
    const dnnl::primitive_attr& attributes) {
  using InnerProduct = dnnl::inner_product_forward;
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return InnerProduct::primitive_desc(OneDnnEngine(), kKind, src, weight, bias,
                                      dst, attributes);
#else
  return InnerProduct::primitive_desc(
      InnerProduct::desc(kKind, src, weight, bias, dst), attributes,
      OneDnnEngine());
#endif
}

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

dnnl::memory AllocateFloats(size_t count) {
  return dnnl::memory(Desc({static_cast<int64_t>(std::max<size_t>(count, 1))},
                           DataType::f32, dnnl::memory::format_tag::x),
                      OneDnnEngine());
}

float* FloatsOf(const dnnl::memory& memory) {
  return static_cast<float*>(memory.get_data_handle());
}

}  // namespace tiepoint
