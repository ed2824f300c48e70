// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/consensus_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/weighted_eight_point.h"

namespace tiepoint {
namespace {

constexpr int kTile = ConsensusKernels::kTile;

// Numbers that start at a line of the cache: a vector of AVX-512 that crosses
// lines takes two loads.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(const std::vector<float>& values) {
    Resize(values.size());
    std::copy(values.begin(), values.end(), data());
  }
  void Resize(size_t size) { lines_.resize((size + kLine - 1) / kLine); }
  float* data() { return lines_.empty() ? nullptr : lines_[0].values; }
  const float* data() const {
    return lines_.empty() ? nullptr : lines_[0].values;
  }

 private:
  static constexpr size_t kLine = 16;
  struct alignas(64) Line {
    float values[kLine] = {};
  };
  std::vector<Line> lines_;
};

// Means and squared deviations of channels, tile by tile, in double (Chan,
// Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
// Sample Variances", 1979).
class RunningMoments {
 public:
  void Reset(int channels) {
    total_ = 0;
    mean_.assign(channels, 0);
    squares_.assign(channels, 0);
  }
  void Add(double weight, const float* mean, const float* squares) {
    total_ += weight;
    const double share = weight / total_;
    const double spread = weight * (1 - share);
    for (size_t c = 0; c < mean_.size(); ++c) {
      const double delta = mean[c] - mean_[c];
      mean_[c] += delta * share;
      squares_[c] += squares[c] + delta * delta * spread;
    }
  }
  double Mean(int channel) const { return mean_[channel]; }
  double Variance(int channel) const { return squares_[channel] / total_; }

 private:
  double total_ = 0;
  std::vector<double> mean_, squares_;
};

// The tensor with `stride` numbers, zeros behind its own.
AlignedFloats Padded(const Tensor& tensor, int stride) {
  std::vector<float> values = tensor.data;
  values.resize(stride);
  return AlignedFloats(values);
}

}  // namespace

struct ConsensusNetwork::Conv {
  // No bias: the mean, weighted or not, has it too and takes it away.
  AlignedFloats weights;  // packed
  AlignedFloats scale, shift;
  AlignedFloats attention;  // with attention only
  float attention_bias = 0;
};

struct ConsensusNetwork::Stage {
  int inputs = 0;
  AlignedFloats input, input_bias;
  std::vector<Conv> convs;
  AlignedFloats output;
  float output_bias = 0;
};

struct ConsensusNetwork::Workspace {
  int count = 0;         // usable matches
  std::vector<float> x;  // count x the stage's inputs
  AlignedFloats h;       // count x stride: what goes around the blocks
  AlignedFloats u;       // count x stride: before the normalisation
  AlignedFloats tile;    // kTile x stride
  AlignedFloats norm;    // mean, factor, shift: see ConsensusKernels::rectify
  AlignedFloats mean, squares;  // of a tile
  float attention[kTile] = {};
  RunningMoments moments;
  std::vector<float> logits;
};

ConsensusNetwork::ConsensusNetwork(ConsensusModel model,
                                   const ConsensusKernels& kernels)
    : model_(std::move(model)), kernels_(kernels) {
  CheckConsensusModel(model_);
  const ConsensusSpec& spec = model_.spec;
  constexpr int kStep = ConsensusKernels::kChannelStep;
  stride_ = (spec.channels + kStep - 1) / kStep * kStep;
  const auto tensor = [&](const std::string& name) -> const Tensor& {
    return model_.weights.at(name);
  };
  // Channels that only fill up the vectors are columns too, of zeros.
  const auto pack_square = [&](const std::string& name) {
    const std::vector<float>& weights = tensor(name).data;
    const int rows = spec.channels;
    std::vector<float> wide(static_cast<size_t>(rows) * stride_);
    for (int row = 0; row < rows; ++row) {
      std::copy_n(weights.begin() + static_cast<ptrdiff_t>(row) * rows, rows,
                  wide.begin() + static_cast<ptrdiff_t>(row) * stride_);
    }
    return AlignedFloats(kernels_.Pack(wide, rows, stride_, stride_));
  };
  for (int s = 0; s < spec.Stages(); ++s) {
    const std::string name = StageName(s);
    Stage& stage = stages_.emplace_back();
    stage.inputs = spec.StageInputs(s);
    stage.input =
        AlignedFloats(kernels_.Pack(tensor(name + ".input.weight").data,
                                    spec.channels, stage.inputs, stride_));
    stage.input_bias = Padded(tensor(name + ".input.bias"), stride_);
    stage.output = Padded(tensor(name + ".output.weight"), stride_);
    stage.output_bias = tensor(name + ".output.bias").data[0];
    for (int k = 0; k < 2 * spec.blocks[s]; ++k) {
      const std::string conv_name = ConvName(s, k / 2, k % 2);
      Conv& conv = stage.convs.emplace_back();
      conv.weights = pack_square(conv_name + ".weight");
      conv.scale = Padded(tensor(conv_name + ".scale"), stride_);
      conv.shift = Padded(tensor(conv_name + ".shift"), stride_);
      if (!spec.attention) continue;
      conv.attention = Padded(tensor(conv_name + ".attention.weight"), stride_);
      conv.attention_bias = tensor(conv_name + ".attention.bias").data[0];
    }
  }
  pool_ = std::make_unique<WorkspacePool<Workspace>>([stride = stride_] {
    auto work = std::make_unique<Workspace>();
    work->tile.Resize(static_cast<size_t>(kTile) * stride);
    work->norm.Resize(static_cast<size_t>(3) * stride);
    work->mean.Resize(stride);
    work->squares.Resize(stride);
    return work;
  });
}

ConsensusNetwork::~ConsensusNetwork() = default;

void ConsensusNetwork::RunStage(const Stage& stage, Workspace& work) const {
  const int stride = stride_;
  float* const norm = work.norm.data();
  // Calls visit(first match, matches, their h, their u) for each tile.
  const auto each_tile = [&](const auto& visit) {
    for (int first = 0; first < work.count; first += kTile) {
      const size_t offset = static_cast<size_t>(first) * stride;
      visit(first, std::min(kTile, work.count - first), work.h.data() + offset,
            work.u.data() + offset);
    }
  };
  const auto start = [&](int first, int count, float* h) {
    float* const tile = work.tile.data();
    kernels_.multiply(work.x.data() + static_cast<size_t>(first) * stage.inputs,
                      count, stage.inputs, stage.inputs, stage.input.data(),
                      stride, tile);
    const float* const bias = stage.input_bias.data();
    for (int i = 0; i < count; ++i) {
      for (int c = 0; c < stride; ++c) {
        h[i * stride + c] += tile[i * stride + c] + bias[c];
      }
    }
  };

  for (size_t k = 0; k < stage.convs.size(); ++k) {
    const Conv& conv = stage.convs[k];
    work.moments.Reset(stride);
    each_tile([&](int first, int count, float* h, float* u) {
      // What the convolution reads: its u of before is complete, and `norm` is
      // of that.
      const float* in = h;
      if (k == 0) {
        start(first, count, h);
      } else if (k % 2 == 0) {
        kernels_.add_rectified(u, count, stride, norm, h);
      } else {
        kernels_.rectify(u, count, stride, norm, work.tile.data());
        in = work.tile.data();
      }
      const float* attention = nullptr;
      float total = static_cast<float>(count);
      if (model_.spec.attention) {
        float* const a = work.attention;
        kernels_.dot(in, count, stride, conv.attention.data(),
                     conv.attention_bias, a);
        total = 0;
        for (int i = 0; i < count; ++i) {
          // Not 0, so that there is a mean when nothing gets attention.
          a[i] = std::max(1 / (1 + std::exp(-a[i])), 1e-30f);
          total += a[i];
        }
        attention = a;
      }
      kernels_.multiply(in, count, stride, stride, conv.weights.data(), stride,
                        u);
      kernels_.moments(u, count, stride, attention, total, work.mean.data(),
                       work.squares.data());
      work.moments.Add(total, work.mean.data(), work.squares.data());
    });
    for (int c = 0; c < stride; ++c) {
      norm[c] = static_cast<float>(work.moments.Mean(c));
      norm[stride + c] = conv.scale.data()[c] /
                         static_cast<float>(std::sqrt(work.moments.Variance(c) +
                                                      kContextEpsilon));
      norm[2 * stride + c] = conv.shift.data()[c];
    }
  }
  each_tile([&](int first, int count, float* h, const float* u) {
    kernels_.add_rectified(u, count, stride, norm, h);
    kernels_.dot(h, count, stride, stage.output.data(), stage.output_bias,
                 work.logits.data() + first);
  });
}

ConsensusResult ConsensusNetwork::Run(std::span<const float> inputs) const {
  const size_t columns = model_.spec.inputs;
  if (inputs.size() % columns != 0) {
    throw InputError("the correspondence network reads " +
                     std::to_string(columns) + " numbers a match");
  }
  const size_t matches = inputs.size() / columns;
  ConsensusResult result;
  result.logits.assign(matches, -std::numeric_limits<float>::infinity());
  result.weights.assign(matches, 0);
  std::vector<size_t> usable;
  std::vector<PointPair> pairs;
  for (size_t i = 0; i < matches; ++i) {
    const std::span<const float> match = inputs.subspan(i * columns, columns);
    if (!UsableInputs(match)) continue;
    usable.push_back(i);
    pairs.push_back({match[0], match[1], match[2], match[3]});
  }
  if (usable.empty()) return result;

  auto work = pool_->Take();
  work->count = static_cast<int>(usable.size());
  const size_t size = usable.size() * stride_;
  work->h.Resize(size);
  work->u.Resize(size);
  std::fill_n(work->h.data(), size, 0.0f);
  work->logits.resize(usable.size());
  std::vector<double> weights(usable.size());
  for (size_t s = 0; s < stages_.size(); ++s) {
    const Stage& stage = stages_[s];
    work->x.resize(usable.size() * stage.inputs);
    for (size_t i = 0; i < usable.size(); ++i) {
      float* const x = work->x.data() + i * stage.inputs;
      std::copy_n(inputs.data() + usable[i] * columns, columns, x);
      if (s == 0) continue;
      x[columns] = EpipolarResidual(result.essential, pairs[i]);
      x[columns + 1] = static_cast<float>(weights[i]);
    }
    RunStage(stage, *work);
    for (size_t i = 0; i < usable.size(); ++i) {
      weights[i] = std::max(0.0f, std::tanh(work->logits[i]));
    }
    result.essential = ConditionedEightPoint(pairs, weights);
  }
  for (size_t i = 0; i < usable.size(); ++i) {
    result.logits[usable[i]] = work->logits[i];
    result.weights[usable[i]] = static_cast<float>(weights[i]);
  }
  pool_->Return(std::move(work));
  return result;
}

bool UsableInputs(std::span<const float> match) {
  return std::all_of(match.begin(), match.end(), [](float v) {
    return std::abs(v) <= kLargestConsensusInput;  // false for NaN
  });
}

float EpipolarResidual(const std::optional<Matrix3>& essential,
                       const PointPair& pair) {
  double residual = kLargestResidual;
  if (essential) {
    const double distance = std::sqrt(SquaredEpipolarError(*essential, pair));
    if (std::isfinite(distance)) {
      residual =
          std::min(std::log1p(distance / kResidualUnit), kLargestResidual);
    }
  }
  return static_cast<float>(residual);
}

}  // namespace tiepoint
