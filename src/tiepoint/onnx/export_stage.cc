// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/base/error.h"
#include "tiepoint/onnx/export_onnx.h"
#include "tiepoint/onnx/onnx_graph.h"

namespace tiepoint {
namespace {

const OnnxGraph::Size kMatches = "N";

// The matches of one stage as rows. Sums over them are products of the
// transposed shares, (1, N), with the rows, and what they give is spread over
// the matches by a product with a column of ones.
class StageWriter {
 public:
  StageWriter(const ConsensusModel& model, OnnxGraph& graph)
      : model_(model), graph_(graph) {}

  void Run(int stage) {
    const ConsensusSpec& spec = model_.spec;
    const int inputs = spec.StageInputs(stage);
    const std::string x = graph_.Input(
        "matches", {kMatches, int64_t{inputs}},
        stage == 0 ? "of each match what correspondence/match_inputs.h lists"
                   : "the same, then r and the weight of the stage before "
                     "(network/consensus_model.h)");
    const std::string none =
        graph_.Constant("none", {inputs, 1}, std::vector<float>(inputs));
    ones_ = graph_.Node(
        "Add",
        {graph_.Node("MatMul", {x, none}, "zeros"), graph_.Number("one", 1)},
        "ones_of_matches");
    all_ = graph_.Node("Transpose", {ones_}, "all",
                       {{"perm", std::vector<int64_t>{1, 0}}});
    const std::string name = StageName(stage);
    std::string h = Linear(name + ".input", x);
    if (stage > 0) {
      const std::string state = graph_.Input(
          "state", {kMatches, int64_t{spec.channels}}, "of the stage before");
      h = graph_.Node("Add", {state, h}, "state_in");
    }
    for (int b = 0; b < spec.blocks[stage]; ++b) {
      const std::string inner = Convolve(ConvName(stage, b, 0), h);
      h = graph_.Node("Add", {h, Convolve(ConvName(stage, b, 1), inner)},
                      "block");
    }
    const std::string logit = Linear(name + ".output", h);
    graph_.Node("Identity", {logit}, "logit");
    graph_.Output("logit", {kMatches, int64_t{1}}, "above 0: rather right");
    graph_.Node("Relu", {graph_.Node("Tanh", {logit}, "tanh")}, "weight");
    graph_.Output("weight", {kMatches, int64_t{1}}, "0 (wrong) to 1");
    if (stage + 1 < spec.Stages()) {
      graph_.Node("Identity", {h}, "next_state");
      graph_.Output("next_state", {kMatches, int64_t{spec.channels}},
                    "of the next stage");
    }
  }

 private:
  const std::vector<float>& Data(const std::string& name) const {
    return model_.weights.at(name).data;
  }

  // Rows times the weights, transposed, plus a bias.
  std::string Linear(const std::string& name, const std::string& x) {
    const std::vector<float>& bias = Data(name + ".bias");
    const std::vector<float>& weight = Data(name + ".weight");
    const int64_t out = std::ssize(bias), in = std::ssize(weight) / out;
    return graph_.Node("Gemm",
                       {x, graph_.Constant(name + ".weight", {out, in}, weight),
                        graph_.Constant(name + ".bias", {out}, bias)},
                       name, {{"transB", int64_t{1}}});
  }

  // Each match's share of the sums: (N, 1).
  std::string Shares(const std::string& name, const std::string& h) {
    const std::string attention =
        model_.spec.attention
            ? graph_.Node("Sigmoid", {Linear(name + ".attention", h)},
                          "attention")
            : ones_;
    const std::string sum =
        graph_.Node("MatMul", {all_, attention}, "attention_sum");
    return graph_.Node("Div", {attention, Spread(sum)}, "share");
  }

  // (1, C) to (N, C).
  std::string Spread(const std::string& row) {
    return graph_.Node("MatMul", {ones_, row}, "spread");
  }

  std::string Convolve(const std::string& name, const std::string& h) {
    const std::string u = Linear(name, h);
    const std::string shares =
        graph_.Node("Transpose", {Shares(name, h)}, "shares",
                    {{"perm", std::vector<int64_t>{1, 0}}});
    const std::string mean = graph_.Node("MatMul", {shares, u}, "mean");
    const std::string centred =
        graph_.Node("Sub", {u, Spread(mean)}, "centred");
    // The shares' sum is 1: epsilon may be added to each square.
    const std::string squares =
        graph_.Node("Add",
                    {graph_.Node("Mul", {centred, centred}, "squares"),
                     graph_.Number("epsilon", kContextEpsilon)},
                    "squares_epsilon");
    const std::string variance =
        graph_.Node("MatMul", {shares, squares}, "variance");
    // Flatten changes nothing here, but OpenCV 4.6 forgets an element-wise
    // operator that stands directly behind a product of two variables.
    const std::string deviation = graph_.Node(
        "Sqrt",
        {graph_.Node("Flatten", {variance}, "flat", {{"axis", int64_t{1}}})},
        "deviation");
    const std::string normed =
        graph_.Node("Div", {centred, Spread(deviation)}, "normed");
    const int64_t channels = model_.spec.channels;
    const std::string scaled = graph_.Node(
        "Mul",
        {normed,
         graph_.Constant(name + ".scale", {channels}, Data(name + ".scale"))},
        "scaled");
    const std::string shifted = graph_.Node(
        "Add",
        {scaled,
         graph_.Constant(name + ".shift", {channels}, Data(name + ".shift"))},
        "shifted");
    return graph_.Node("Relu", {shifted}, "relu");
  }

  const ConsensusModel& model_;
  OnnxGraph& graph_;
  std::string ones_, all_;  // (N, 1) and (1, N)
};

}  // namespace

std::string OnnxOfStage(const ConsensusModel& model, int stage,
                        const OnnxFacts& facts) {
  CheckConsensusModel(model);
  if (stage < 0 || stage >= model.spec.Stages()) {
    throw InputError("the network has no stage " + std::to_string(stage));
  }
  OnnxGraph graph("correspondence_" + StageName(stage));
  OnnxFacts all = facts;
  all.insert(model.notes.begin(), model.notes.end());
  all["architecture"] = "correspondence";
  all["stage"] = std::to_string(stage);
  all["stages"] = std::to_string(model.spec.Stages());
  for (const auto& [key, value] : all) graph.Fact(key, value);
  graph.About(
      "One stage of the network that tells right matches from wrong ones; see "
      "docs/onnx.md of Tiepoint.");
  StageWriter(model, graph).Run(stage);
  return graph.Bytes();
}

}  // namespace tiepoint
