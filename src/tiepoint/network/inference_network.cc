// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/inference_network.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/base/workspace_pool.h"
#include "tiepoint/network/dense_filters.h"
#include "tiepoint/network/jet.h"
#include "tiepoint/network/network_backend.h"
#include "tiepoint/network/network_plan.h"
#include "tiepoint/network/plain_layers.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

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

namespace {
NetworkBackendFactory g_factory;
}  // namespace

void SetNetworkBackend(NetworkBackendFactory factory) {
  g_factory = std::move(factory);
}
const NetworkBackendFactory& GetNetworkBackend() { return g_factory; }

struct InferenceNetwork::Impl {
  Impl(Model m, Precision precision)
      : model(std::move(m)),
        workspaces([this] { return plan->MakeWorkspace(); }) {
    if (const NetworkBackendFactory& factory = GetNetworkBackend()) {
      backend = factory(model);
      return;
    }
    plan.emplace(model, model.spec.input, ChunkOf(model.spec), precision);
    if (DenseFilters::Fits(model.spec)) filters.emplace(model);
    jet = JetScoreOf(model);
  }

  // `put` and `take` bring a sample to the order of the layers and back.
  template <typename Put, typename Take>
  void RunChunks(const float* input, int count, float* output, const Put& put,
                 const Take& take) const {
    const size_t in_size = plan->input().Size();
    const size_t out_size = plan->output().Size();
    const int chunk_size = plan->batch();
    auto work = workspaces.Take();
    for (int first = 0; first < count; first += chunk_size) {
      const int filled = std::min(chunk_size, count - first);
      float* chunk = NetworkPlan::InputOf(*work);
      for (int n = 0; n < filled; ++n, input += in_size) {
        put(input, plan->input(), chunk + n * in_size);
      }
      std::fill(chunk + filled * in_size, chunk + chunk_size * in_size, 0.0f);
      const float* result = plan->Run(*work);
      for (int n = 0; n < filled; ++n, output += out_size) {
        take(result + n * out_size, plan->output(), output);
      }
    }
    workspaces.Return(std::move(work));
  }

  Model model;
  std::unique_ptr<NetworkBackend> backend;  // else:
  std::optional<NetworkPlan> plan;
  // Of Run.
  mutable WorkspacePool<NetworkPlan::Workspace> workspaces;
  // Of RunDense, where they are faster than a plan.
  std::optional<DenseFilters> filters;
  std::optional<JetScore> jet;
};

namespace {
constexpr std::pair<InferenceNetwork::Precision, const char*> kPrecisions[] = {
    {InferenceNetwork::Precision::kFastest, "fastest"},
    {InferenceNetwork::Precision::kInt8, "int8"},
    {InferenceNetwork::Precision::kBfloat16, "bf16"},
    {InferenceNetwork::Precision::kFloat, "f32"}};
}  // namespace

InferenceNetwork::Precision InferenceNetwork::ParsePrecision(
    const std::string& name) {
  for (const auto& [precision, text] : kPrecisions) {
    if (name == text) return precision;
  }
  throw InputError("precision '" + name +
                   "' is none of fastest, int8, bf16, f32");
}

std::string InferenceNetwork::NameOf(Precision precision) {
  for (const auto& [known, text] : kPrecisions) {
    if (known == precision) return text;
  }
  return "";
}

InferenceNetwork::InferenceNetwork(Model model, Precision precision)
    : impl_(std::make_unique<Impl>(std::move(model), precision)) {}
InferenceNetwork::~InferenceNetwork() = default;
InferenceNetwork::InferenceNetwork(InferenceNetwork&&) noexcept = default;
InferenceNetwork& InferenceNetwork::operator=(InferenceNetwork&&) noexcept =
    default;

const Model& InferenceNetwork::model() const { return impl_->model; }

int InferenceNetwork::Batch() const {
  constexpr int kManyForAGpu = 4096;
  return impl_->backend ? kManyForAGpu : kBatch;
}

void InferenceNetwork::Run(const float* input, int count, float* output) const {
  if (impl_->backend) {
    impl_->backend->Run(impl_->model.spec.input, count, input, output);
    return;
  }
  impl_->RunChunks(input, count, output, NhwcFromNchw, NchwFromNhwc);
}

void InferenceNetwork::RunChannelsLast(const float* input, int count,
                                       float* output) const {
  if (impl_->backend) {
    const Shape in = impl_->model.spec.input;
    const Shape out = OutputShape(impl_->model.spec);
    const size_t in_size = in.Size(), out_size = out.Size();
    std::vector<float> sorted(count * in_size), result(count * out_size);
    for (int n = 0; n < count; ++n) {
      NchwFromNhwc(input + n * in_size, in, sorted.data() + n * in_size);
    }
    impl_->backend->Run(in, count, sorted.data(), result.data());
    for (int n = 0; n < count; ++n) {
      NhwcFromNchw(result.data() + n * out_size, out, output + n * out_size);
    }
    return;
  }
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
  if (impl_->backend) {
    std::vector<float> map(out.Size());
    impl_->backend->Run({1, height, width}, 1, plane, map.data());
    return map;
  }
  if (impl_->jet) return ScoreJet(*impl_->jet, plane, width, height);
  if (impl_->filters) return impl_->filters->Run(plane, width, height, out);

  const int rows = std::min(out.height, DenseRowStep(width));
  const int halo = height - out.height;
  const NetworkPlan plan(model, {1, rows + halo, width}, 1);
  WorkspacePool<NetworkPlan::Workspace> workspaces(
      [&plan] { return plan.MakeWorkspace(); });

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
              NetworkPlan::InputOf(*work));
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
  if (impl_->jet || impl_->backend) return 1;
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
