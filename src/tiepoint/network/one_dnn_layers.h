// SPDX-License-Identifier: Apache-2.0
// What layers with weights ask of oneDNN, whose versions 2 and 3 differ in
// these functions only. For source files only: it includes oneDNN's header.
#pragma once

#include <cstddef>
#include <vector>

#include "tiepoint/network/number_types.h"
#include "tiepoint/network/one_dnn.h"

namespace tiepoint {

// max(x, 0) or tanh(x) behind the layer, by its algorithm.
void AppendActivation(dnnl::post_ops& ops, dnnl::algorithm algorithm);

// Direct; `padding` on both sides alike.
dnnl::convolution_forward::primitive_desc DescribeConvolution(
    const dnnl::memory::desc& src, const dnnl::memory::desc& weight,
    const dnnl::memory::desc& bias, const dnnl::memory::desc& dst,
    const dnnl::memory::dims& strides, const dnnl::memory::dims& padding,
    const dnnl::primitive_attr& attributes);

dnnl::inner_product_forward::primitive_desc DescribeInnerProduct(
    const dnnl::memory::desc& src, const dnnl::memory::desc& weight,
    const dnnl::memory::desc& bias, const dnnl::memory::desc& dst,
    const dnnl::primitive_attr& attributes);

// Results are multiplied by these, one a channel, before the activation. Of
// layers in bytes, which need HasInt8().
void SetOutputScales(dnnl::primitive_attr& attributes,
                     const std::vector<float>& scales);

// Whether layers can run in bytes here, and are worth it.
bool HasInt8();

dnnl::memory::data_type DnnType(NumberType type);

// `count` floats, aligned as oneDNN likes them.
dnnl::memory AllocateFloats(size_t count);
float* FloatsOf(const dnnl::memory& memory);

}  // namespace tiepoint
