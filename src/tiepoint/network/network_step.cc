// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/network_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "tiepoint/network/jet.h"
#include "tiepoint/network/plain_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

}  // namespace

void MoveInput(const NetworkStep& step, int batch, const void* in,
               void* padded) {
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

void RunWithoutWeights(const NetworkStep& step, float* in, float* out) {
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

}  // namespace tiepoint
