// SPDX-License-Identifier: Apache-2.0
// The layers that oneDNN does not have, or not better; channels last.
#pragma once

#include "tiepoint/network/network_spec.h"

namespace tiepoint {

// Max, average and L2 pooling, by the layer's type.
void Pool(const LayerSpec& layer, const Shape& in_shape, const Shape& out_shape,
          const float* in, float* out);
// In place.
void SubtractMean(const LayerSpec& layer, const Shape& shape, float* data);
void Hinge(const LayerSpec& layer, const Shape& shape, const float* in,
           float* out);
// To unit length, in place; zeros stay.
void Normalize(const Shape& shape, float* data);
// LayerSpec::Type::kCircularSoftArgmax.
void MeanDirection(const Shape& in, const float* data, float* out);

void NhwcFromNchw(const float* in, const Shape& shape, float* out);
void NchwFromNhwc(const float* in, const Shape& shape, float* out);

}  // namespace tiepoint
