// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/network_plan.h"

#include <algorithm>
#include <utility>

#include "tiepoint/network/layer_precision.h"
#include "tiepoint/network/network_step.h"
#include "tiepoint/network/one_dnn_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

}  // namespace

NetworkPlan::~NetworkPlan() = default;

NetworkPlan::NetworkPlan(const Model& model, const Shape& input, int batch,
                         InferenceNetwork::Precision precision)
    : batch_(batch) {
  precision = ResolvePrecision(precision, model);
  const OneThread one_thread;
  const auto& layers = model.spec.layers;
  const auto shapes = Shapes(model.spec, input);
  map_size_ = static_cast<size_t>(input.Size());
  for (size_t i = 0; i < layers.size(); ++i) {
    NetworkStep step;
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
      PrepareWeights(model, batch, step);
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
  for (dnnl::memory& map : work->maps) map = AllocateFloats(map_size_ * batch_);
  work->padded = AllocateFloats(padded_size_ * batch_);
  int side = 0;  // of the map that holds the step's input
  for (const NetworkStep& step : steps_) {
    work->arguments.emplace_back();
    if (step.layer.HasWeights()) {
      float* src = FloatsOf(step.Moved() ? work->padded : work->maps[side]);
      work->arguments.back() = {
          {DNNL_ARG_SRC, dnnl::memory(step.src, OneDnnEngine(), src)},
          {DNNL_ARG_WEIGHTS, step.weight},
          {DNNL_ARG_BIAS, step.bias},
          {DNNL_ARG_DST, dnnl::memory(step.dst, OneDnnEngine(),
                                      FloatsOf(work->maps[1 - side]))},
          {DNNL_ARG_SCRATCHPAD, dnnl::memory(step.scratch, OneDnnEngine())}};
    }
    if (!step.InPlace()) side = 1 - side;
  }
  return work;
}

float* NetworkPlan::InputOf(Workspace& work) { return FloatsOf(work.maps[0]); }

const float* NetworkPlan::Run(Workspace& work) const {
  const OneThread one_thread;
  int side = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const NetworkStep& step = steps_[i];
    float* in = FloatsOf(work.maps[side]);
    float* out = FloatsOf(work.maps[1 - side]);
    if (step.layer.HasWeights()) {
      if (step.Moved()) MoveInput(step, batch_, in, FloatsOf(work.padded));
      step.primitive.execute(work.stream, work.arguments[i]);
      work.stream.wait();
    } else {
      for (int n = 0; n < batch_; ++n) {
        RunWithoutWeights(step, in + static_cast<size_t>(n) * step.in.Size(),
                          out + static_cast<size_t>(n) * step.out.Size());
      }
    }
    if (!step.InPlace()) side = 1 - side;
  }
  return FloatsOf(work.maps[side]);
}

}  // namespace tiepoint
