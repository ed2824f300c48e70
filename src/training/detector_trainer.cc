// SPDX-License-Identifier: Apache-2.0
// LIFT's detector (spec section 7): overlap and classification losses, here
// over stacks of scale-space levels, so that scale is learned as well as place.
#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"
#include "training/architectures.h"
#include "training/trainer.h"

namespace tiepoint {
namespace {

constexpr int kKernel = 25;
constexpr int kLevels = DetectorStacks::kLevels;
constexpr int kWindow = DetectorStacks::kWindow;
constexpr int kScores = DetectorStacks::kScores;
// Weight of the classification loss (gamma of the paper). At 1 it outweighs the
// overlap and costs repeatability: docs/experiments.md.
constexpr double kGamma = 0.1;
constexpr double kBeta = 10;  // sharpness of softargmax and soft maximum
// Half width, in sigma, of the squares whose overlap is compared. LIFT takes
// its descriptor's 6; smaller squares ask for more exact places.
constexpr double kOverlapSupport = 1;
// Half width of the window of a soft maximum, in level pixels: LIFT's window of
// non-maximum suppression.
constexpr double kReach = 3.5;

// How much edges are put behind blobs: docs/experiments.md.
constexpr double kEdgeWeight = 0.375;

// What scores the windows. Validated and exported (in eval mode) are running
// means of the parameters: a place is the maximum of a flat score, and the
// noise of single steps moves it.
class DetectorNetwork : public torch::nn::Module {
 public:
  // N x kLevels x kWindow x kWindow -> N x kLevels x kScores x kScores.
  virtual torch::Tensor Scores(const torch::Tensor& stacks) const = 0;
  virtual void Export(Model& model) const = 0;
  // Adds to every score.
  virtual void Shift(double score) = 0;

  // Takes the parameters into their means, over about kMeanSteps calls.
  void Follow() {
    const torch::NoGradGuard guard;
    const double share =
        std::max(2 / (steps_.item<double>() + 2), 1.0 / kMeanSteps);
    steps_ += 1;
    const auto values = parameters();
    for (size_t i = 0; i < values.size(); ++i) {
      means_[i] += share * (values[i] - means_[i]);
    }
  }

 protected:
  // Once all parameters are registered.
  void BeginMeans() {
    for (const auto& p : named_parameters()) {
      means_.push_back(
          register_buffer(p.key() + "_mean", p.value().detach().clone()));
    }
    steps_ = register_buffer("steps", torch::zeros({}));
  }
  // What counts of the parameter, which was registered as number `index`.
  const torch::Tensor& Now(const torch::Tensor& parameter, int index) const {
    return is_training() ? parameter : means_[index];
  }

 private:
  static constexpr int kMeanSteps = 100;

  std::vector<torch::Tensor> means_;
  torch::Tensor steps_;
};

// The mean over the eight symmetries of the square: N x 25 x 25.
torch::Tensor Symmetrize(const torch::Tensor& filters) {
  torch::Tensor sum = filters + filters.flip(2);
  sum = sum + sum.rot90(1, {1, 2});
  return (sum + sum.rot90(2, {1, 2})) / 4 / 2;
}

// The bank of 16 filters from fewer free ones. Sums 0 and 2 (positive) hold
// four filters each that are the same under all symmetries of the square; each
// of the sums 1 and 3 (negative) holds the four quarter turns of one filter.
// So the score map of a turned picture is the turned score map, exactly, and a
// round blob is found at its very centre.
//
// The first weights give |xx + yy| - k (|xx - yy| + |2 xy|) of the second
// derivatives of the blurred picture. With its principal curvatures a and b
// that is |a + b| - k' |a - b|, k' between k and sqrt(2) k by the direction:
// high on blobs and corners, low on edges, where a or b vanishes. Sum 0 is the
// Laplacian, bright and dark; sums 1 and 3 take the other two.
class FilterDetector : public DetectorNetwork {
 public:
  FilterDetector() {
    round_ = register_parameter("round", torch::zeros({8, kKernel, kKernel}));
    turned_ = register_parameter("turned", torch::zeros({2, kKernel, kKernel}));
    bias_ = register_parameter("bias", torch::zeros({10}));
    BeginMeans();
    // Of the level's sigma; the level itself is blurred by one pixel.
    const Curvatures c(std::sqrt(std::pow(23.5 / 12, 2) - 1));
    base_ = register_buffer("base", torch::zeros({8, kKernel, kKernel}));
    base_[0] += c.sum;
    base_[1] -= c.sum;
    edges_ = register_buffer("edges",
                             kEdgeWeight * torch::stack({c.axes, c.diagonals}));
  }

  torch::Tensor Weight() const {
    const torch::Tensor round = base_ + Symmetrize(Smooth(Now(round_, 0)));
    const torch::Tensor turned = edges_ + Smooth(Now(turned_, 1));
    std::vector<torch::Tensor> bank;
    for (int group = 0; group < 2; ++group) {
      bank.push_back(round.narrow(0, 4 * group, 4));
      const torch::Tensor filter = turned.narrow(0, group, 1);
      for (int k = 0; k < 4; ++k) bank.push_back(filter.rot90(k, {1, 2}));
    }
    return torch::cat(bank).unsqueeze(1);
  }

  void Export(Model& model) const override {
    StoreTensor("conv.weight", Weight(), model);
    StoreTensor("conv.bias", Bias(), model);
  }

  torch::Tensor Bias() const {
    const torch::Tensor& bias = Now(bias_, 2);
    return torch::cat({bias.narrow(0, 0, 4), bias.narrow(0, 8, 1).expand(4),
                       bias.narrow(0, 4, 4), bias.narrow(0, 9, 1).expand(4)});
  }

  void Shift(double score) override {
    const torch::NoGradGuard guard;
    bias_.narrow(0, 0, 4) += score;
  }

  torch::Tensor Scores(const torch::Tensor& stacks) const override {
    const torch::Tensor windows = stacks.reshape({-1, 1, kWindow, kWindow});
    return Ghh(torch::conv2d(windows, Weight(), Bias()), 4, 4)
        .view({-1, kLevels, kScores, kScores});
  }

 private:
  // Second derivatives of a Gaussian, negative, scaled so that a blob of full
  // contrast scores a few units.
  struct Curvatures {
    torch::Tensor sum;        // -(xx + yy)
    torch::Tensor axes;       // -(xx - yy)
    torch::Tensor diagonals;  // -2 xy

    explicit Curvatures(double sigma) {
      const torch::Tensor line =
          (torch::arange(kKernel, torch::kFloat) - (kKernel - 1) / 2.0) / sigma;
      const torch::Tensor x = line.view({1, kKernel});
      const torch::Tensor y = line.view({kKernel, 1});
      const torch::Tensor blur = torch::exp(-(x * x + y * y) / 2);
      sum = (2 - x * x - y * y) * blur;
      sum = sum - sum.mean();
      const torch::Tensor scale = 12 / sum.abs().sum();
      sum = sum * scale;
      axes = (y * y - x * x) * blur * scale;
      diagonals = -2 * x * y * blur * scale;
    }
  };

  // Learned changes are smooth, as the levels are (blur of one pixel), and do
  // not see brightness. Without both, noise in the filters that are hardly used
  // moves every maximum: docs/experiments.md.
  static torch::Tensor Smooth(const torch::Tensor& filters) {
    const torch::Tensor offset = torch::arange(7, filters.options()) - 3.0;
    const torch::Tensor line = torch::exp(-offset * offset / 2);
    const torch::Tensor kernel =
        torch::outer(line, line) / (line.sum() * line.sum());
    const torch::Tensor smooth =
        torch::conv2d(filters.unsqueeze(1), kernel.view({1, 1, 7, 7}), {}, 1, 3)
            .squeeze(1);
    return smooth - smooth.mean({1, 2}, true);
  }

  torch::Tensor base_, edges_, round_, turned_, bias_;
};

// The jet of a level (network/jet.h), 16 hidden units, a score. The first
// weights are those of FilterDetector in the same terms: |xx + yy| less the
// edge; the other units begin without a say.
class JetDetector : public DetectorNetwork {
 public:
  explicit JetDetector(const NetworkSpec& spec) : jet_(Only(spec)) {
    const int hidden = spec.layers[1].out;
    weight_ = torch::randn({hidden, kJetChannels}) * 0.3;
    out_ = torch::zeros({1, hidden});
    // A blob of full contrast scores a few units.
    constexpr double kScale = 8;
    weight_.narrow(0, 0, 3).zero_();
    weight_[0][0] = 1;
    weight_[1][0] = -1;
    weight_[2][1] = 1;
    out_[0][0] = out_[0][1] = kScale;
    // In the mean over directions |xx - yy| + |2 xy| is 4 / pi of the edge.
    out_[0][2] = -kEdgeWeight * 4 / std::numbers::pi * kScale;
    weight_ = register_parameter("weight", weight_);
    bias_ = register_parameter("bias", torch::zeros({hidden}));
    out_ = register_parameter("out", out_);
    shift_ = register_parameter("shift", torch::zeros({1}));
    BeginMeans();
  }

  void Shift(double score) override {
    const torch::NoGradGuard guard;
    shift_ += score;
  }

  torch::Tensor Scores(const torch::Tensor& stacks) const override {
    // The window is that of larger filters.
    constexpr int kSide = kScores + 2 * kJetReach;
    constexpr int kOff = (kWindow - kSide) / 2;
    const torch::Tensor windows = stacks.reshape({-1, 1, kWindow, kWindow})
                                      .narrow(2, kOff, kSide)
                                      .narrow(3, kOff, kSide);
    torch::Tensor jet;
    {
      const torch::NoGradGuard guard;
      jet = jet_->forward(windows);
    }
    const auto square = [](const torch::Tensor& w) {
      return w.unsqueeze(2).unsqueeze(3);
    };
    return torch::conv2d(torch::relu(torch::conv2d(jet, square(Now(weight_, 0)),
                                                   Now(bias_, 1))),
                         square(Now(out_, 2)), Now(shift_, 3))
        .view({-1, kLevels, kScores, kScores});
  }

  void Export(Model& model) const override {
    const auto square = [](const torch::Tensor& w) {
      return w.unsqueeze(2).unsqueeze(3);
    };
    StoreTensor("hidden.weight", square(Now(weight_, 0)), model);
    StoreTensor("hidden.bias", Now(bias_, 1), model);
    StoreTensor("score.weight", square(Now(out_, 2)), model);
    StoreTensor("score.bias", Now(shift_, 3), model);
  }

 private:
  static std::shared_ptr<TorchNetwork> Only(NetworkSpec spec) {
    spec.layers.resize(1);
    return std::make_shared<TorchNetwork>(spec, false);
  }

  std::shared_ptr<TorchNetwork> jet_;
  torch::Tensor weight_, bias_, out_, shift_;
};

// Where a stack's soft maximum lies: x, y (image pixels), log2 of the spacing;
// and how high it is.
struct SoftPlace {
  torch::Tensor x, y, log_spacing, score;  // N each
};

// LIFT's patch score, a soft maximum: log of the mean of exp(beta s) over the
// cells that `mask` (0 or 1) leaves, over beta.
torch::Tensor SoftMax(const torch::Tensor& scores, const torch::Tensor& mask) {
  const torch::Tensor flat =
      (kBeta * scores + torch::log(mask)).reshape({scores.size(0), -1});
  const torch::Tensor cells = torch::clamp_min(mask.sum({1, 2, 3}), 1);
  return (torch::logsumexp(flat, 1) - torch::log(cells)) / kBeta;
}

// Over the cells within kReach level pixels of the point (x0, y0) that both
// views are known to show. Over the whole window the soft maximum averages
// several peaks, and learning to agree on that average blurs each of them.
SoftPlace SoftArgMax(const torch::Tensor& scores, const torch::Tensor& frames,
                     const torch::Tensor& x0, const torch::Tensor& y0) {
  const int64_t n = scores.size(0);
  const torch::Tensor cell =
      torch::arange(kScores, scores.options()) - (kScores - 1) / 2.0;
  const torch::Tensor spacing = frames.select(2, 2).view({n, kLevels, 1, 1});
  const torch::Tensor x = frames.select(2, 0).view({n, kLevels, 1, 1}) +
                          spacing * cell.view({1, 1, 1, kScores});
  const torch::Tensor y = frames.select(2, 1).view({n, kLevels, 1, 1}) +
                          spacing * cell.view({1, 1, kScores, 1});
  const auto near = [&](const torch::Tensor& u, const torch::Tensor& u0) {
    return (u - u0.view({n, 1, 1, 1})).abs() <= kReach * spacing;
  };
  const torch::Tensor mask = (near(x, x0) & near(y, y0)).to(scores.dtype());
  const torch::Tensor weight =
      torch::softmax(
          (kBeta * scores + torch::log(mask + 1e-30)).reshape({n, -1}), 1)
          .view_as(scores);
  const auto mean = [&](const torch::Tensor& value) {
    return (weight * value).sum({1, 2, 3});
  };
  return {mean(x), mean(y), mean(torch::log2(spacing)),
          SoftMax(scores, mask + 1e-30)};
}

SoftPlace MapPlace(const SoftPlace& p, const torch::Tensor& affine) {
  const auto a = [&](int64_t k) { return affine.select(1, k); };
  const torch::Tensor dx = p.x - a(0), dy = p.y - a(1);
  const torch::Tensor det = a(2) * a(5) - a(3) * a(4);
  return {a(2) * dx + a(3) * dy + a(6), a(4) * dx + a(5) * dy + a(7),
          p.log_spacing + 0.5 * torch::log2(det.abs()), p.score};
}

// 1 - IoU of the two squares, plus their gap over the root of the union.
torch::Tensor OverlapLoss(const SoftPlace& a, const SoftPlace& b) {
  const double half = kOverlapSupport * 23.5 / 12;  // level pixels
  const torch::Tensor ra = half * torch::exp2(a.log_spacing);
  const torch::Tensor rb = half * torch::exp2(b.log_spacing);
  const auto shared = [&](const torch::Tensor& u, const torch::Tensor& v) {
    return torch::relu(torch::minimum(u + ra, v + rb) -
                       torch::maximum(u - ra, v - rb));
  };
  const torch::Tensor both = shared(a.x, b.x) * shared(a.y, b.y);
  const torch::Tensor either = 4 * ra * ra + 4 * rb * rb - both;
  const torch::Tensor gap = torch::relu((a.x - b.x).abs() - ra - rb) +
                            torch::relu((a.y - b.y).abs() - ra - rb);
  return (1 - both / either + gap / torch::sqrt(either)).mean();
}

struct Measured {
  torch::Tensor overlap, classification;
  torch::Tensor positive, negative;  // patch scores
};

Measured Measure(const DetectorNetwork& network, const DetectorStacks& batch,
                 torch::Device device) {
  const auto scores = [&](const std::vector<float>& stacks) {
    return network.Scores(ToDevice(stacks, kLevels, kWindow, kWindow, device));
  };
  const auto table = [&](const std::vector<float>& data, int rows, int cols) {
    const torch::Tensor t = ToDevice(data, rows, cols, 1, device);
    return t.squeeze(3);
  };
  const torch::Tensor affine = table(batch.affine, 1, 8).squeeze(1);
  const auto place = [&](const std::vector<float>& stacks,
                         const std::vector<float>& frames, int64_t point) {
    return SoftArgMax(scores(stacks), table(frames, kLevels, 3),
                      affine.select(1, point), affine.select(1, point + 1));
  };
  const SoftPlace a = place(batch.first, batch.first_frames, 0);
  const SoftPlace b = place(batch.second, batch.second_frames, 6);
  const torch::Tensor elsewhere = scores(batch.negative);
  Measured m;
  m.overlap = OverlapLoss(MapPlace(a, affine), b);
  m.positive = torch::cat({a.score, b.score});
  m.negative = SoftMax(elsewhere, torch::ones_like(elsewhere));
  // alpha = 1/6 for each of the three keypoint patches, 3/6 for the other.
  m.classification = 0.5 * torch::relu(1 - m.positive).pow(2).mean() +
                     0.5 * torch::relu(1 + m.negative).pow(2).mean();
  return m;
}

}  // namespace

void TrainDetector(const TrainOptions& options) {
  if (const std::string error = options.Validate(); !error.empty()) {
    throw InputError(error);
  }
  const std::string architecture =
      options.architecture.empty() ? "lift-detector" : options.architecture;
  if (architecture != "lift-detector" && architecture != "jet-detector") {
    throw InputError("a detector is lift-detector or jet-detector, not " +
                     architecture);
  }
  TrainingTask task = MakeTask(architecture, options);

  PrepareTorch(options);
  const torch::Device device = ChooseDevice(options);
  const TrainingData data(options);
  BatchOptions batch_options;
  batch_options.pairs = options.batch;
  batch_options.pairs_a_view = 32;
  batch_options.views.max_tilt = 45;
  const BatchMaker maker = data.Training(batch_options, options.seed);
  batch_options.pairs = 4 * options.batch;
  const BatchMaker held_out =
      data.HeldOut(batch_options, StreamSeed(options.seed, 999));
  const DetectorStacks check = held_out.MakeDetectorStacks(0, task.model);

  std::shared_ptr<DetectorNetwork> network;
  if (architecture == "jet-detector") {
    network = std::make_shared<JetDetector>(task.model.spec);
  } else {
    network = std::make_shared<FilterDetector>();
  }
  network->to(device);
  {
    // Keypoints and other places begin on either side of zero; the few biases
    // would take hundreds of steps to get there.
    const torch::NoGradGuard guard;
    const Measured m = Measure(*network, check, device);
    network->Shift(-(m.positive.mean() + m.negative.mean()).item<double>() / 2);
  }
  network->Follow();
  task.network = network;
  task.export_weights = [&](Model& model) { network->Export(model); };

  const Model normalization = task.model;
  Prefetch<DetectorStacks> batches(
      CheckpointIteration(options), [&](uint64_t index) {
        return maker.MakeDetectorStacks(index, normalization);
      });
  task.loss = [&](int) {
    network->Follow();
    const Measured m = Measure(*network, batches.Take(), device);
    return m.overlap + kGamma * m.classification;
  };
  task.validate = [&] {
    const Measured m = Measure(*network, check, device);
    // How often a keypoint's score exceeds that of a place that is none.
    const double ranking = (m.positive.unsqueeze(1) > m.negative.unsqueeze(0))
                               .to(torch::kFloat)
                               .mean()
                               .item<double>();
    return Report{{"overlap", m.overlap.item<double>()},
                  {"classification", m.classification.item<double>()},
                  {"ranking", ranking}};
  };
  task.deciding = "overlap";
  task.smaller_is_better = true;
  RunTraining(options, task);
}

}  // namespace tiepoint
