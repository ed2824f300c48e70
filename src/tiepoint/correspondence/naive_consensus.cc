// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/correspondence/naive_consensus.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tiepoint/base/error.h"
#include "tiepoint/geometry/weighted_eight_point.h"

namespace tiepoint {
namespace {

// Rows are matches.
using Rows = std::vector<std::vector<double>>;

class NaiveConsensus {
 public:
  explicit NaiveConsensus(const ConsensusModel& model) : model_(model) {}

  std::vector<double> Stage(int s, const Rows& x, Rows& h) const {
    const std::string stage = StageName(s);
    Add(Linear(stage + ".input", x), h);
    for (int b = 0; b < model_.spec.blocks[s]; ++b) {
      Add(Convolve(ConvName(s, b, 1), Convolve(ConvName(s, b, 0), h)), h);
    }
    return Logits(stage + ".output", h);
  }

 private:
  const std::vector<float>& Data(const std::string& name) const {
    return model_.weights.at(name).data;
  }

  static void Add(const Rows& from, Rows& to) {
    for (size_t i = 0; i < to.size(); ++i) {
      for (size_t c = 0; c < to[i].size(); ++c) to[i][c] += from[i][c];
    }
  }

  Rows Linear(const std::string& name, const Rows& x) const {
    const auto& weight = Data(name + ".weight");
    const auto& bias = Data(name + ".bias");
    Rows out(x.size(), std::vector<double>(bias.begin(), bias.end()));
    for (size_t i = 0; i < x.size(); ++i) {
      for (size_t c = 0; c < bias.size(); ++c) {
        for (size_t k = 0; k < x[i].size(); ++k) {
          out[i][c] += weight[c * x[i].size() + k] * x[i][k];
        }
      }
    }
    return out;
  }

  std::vector<double> Logits(const std::string& name, const Rows& h) const {
    const auto& weight = Data(name + ".weight");
    std::vector<double> logits(h.size(), Data(name + ".bias")[0]);
    for (size_t i = 0; i < h.size(); ++i) {
      for (size_t c = 0; c < weight.size(); ++c) {
        logits[i] += weight[c] * h[i][c];
      }
    }
    return logits;
  }

  Rows Convolve(const std::string& name, const Rows& h) const {
    std::vector<double> attention(h.size(), 1.0);
    if (model_.spec.attention) {
      attention = Logits(name + ".attention", h);
      for (double& a : attention) a = std::max(1 / (1 + std::exp(-a)), 1e-30);
    }
    double total = 0;
    for (const double a : attention) total += a;
    Rows u = Linear(name, h);
    const auto& scale = Data(name + ".scale");
    const auto& shift = Data(name + ".shift");
    for (size_t c = 0; c < scale.size(); ++c) {
      double mean = 0, variance = 0;
      for (size_t i = 0; i < u.size(); ++i) mean += attention[i] * u[i][c];
      mean /= total;
      for (size_t i = 0; i < u.size(); ++i) {
        variance += attention[i] * (u[i][c] - mean) * (u[i][c] - mean);
      }
      variance /= total;
      for (auto& row : u) {
        const double v =
            (row[c] - mean) / std::sqrt(variance + kContextEpsilon);
        row[c] = std::max(0.0, scale[c] * v + shift[c]);
      }
    }
    return u;
  }

  const ConsensusModel& model_;
};

}  // namespace

ConsensusResult RunNaiveConsensus(const ConsensusModel& model,
                                  std::span<const float> inputs) {
  CheckConsensusModel(model);
  const size_t columns = model.spec.inputs;
  if (inputs.size() % columns != 0) {
    throw InputError("the correspondence network reads " +
                     std::to_string(columns) + " numbers a match");
  }
  const size_t matches = inputs.size() / columns;
  std::vector<size_t> usable;
  Rows x;
  std::vector<PointPair> pairs;
  for (size_t i = 0; i < matches; ++i) {
    const auto match = inputs.subspan(i * columns, columns);
    if (!UsableInputs(match)) continue;
    usable.push_back(i);
    x.emplace_back(match.begin(), match.end());
    pairs.push_back({match[0], match[1], match[2], match[3]});
  }

  const NaiveConsensus network(model);
  Rows h(x.size(), std::vector<double>(model.spec.channels));
  std::vector<double> logits, weights(x.size());
  ConsensusResult result;
  for (int s = 0; s < model.spec.Stages(); ++s) {
    Rows read = x;
    for (size_t i = 0; s > 0 && i < x.size(); ++i) {
      read[i].push_back(EpipolarResidual(result.essential, pairs[i]));
      read[i].push_back(weights[i]);
    }
    logits = network.Stage(s, read, h);
    for (size_t i = 0; i < x.size(); ++i) {
      weights[i] = std::max(0.0, std::tanh(logits[i]));
    }
    result.essential = ConditionedEightPoint(pairs, weights);
  }
  result.logits.assign(matches, -std::numeric_limits<float>::infinity());
  result.weights.assign(matches, 0);
  for (size_t i = 0; i < usable.size(); ++i) {
    result.logits[usable[i]] = static_cast<float>(logits[i]);
    result.weights[usable[i]] = static_cast<float>(weights[i]);
  }
  return result;
}

}  // namespace tiepoint
