// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/onnx/export_onnx.h"

#include <cmath>
#include <numbers>

#include "tiepoint/base/error.h"
#include "tiepoint/onnx/onnx_graph.h"
#include "tiepoint/onnx/onnx_layers.h"

namespace tiepoint {
namespace {

const OnnxGraph::Size kBatch = "N";

void AddFacts(OnnxFacts facts, const std::map<std::string, std::string>& notes,
              const std::string& architecture, OnnxGraph& graph) {
  facts.insert(notes.begin(), notes.end());
  facts["architecture"] = architecture;
  for (const auto& [key, value] : facts) graph.Fact(key, value);
}

std::string PatchText(const Shape& shape) {
  return "patches, gray 0..255, " + std::to_string(shape.height) + " x " +
         std::to_string(shape.width) +
         ", laid over keypoints as the metadata 'grid', 'support' and 'inner' "
         "say";
}

void AddAnswer(const std::string& result, const Shape& shape,
               OnnxGraph& graph) {
  const bool direction = shape == Shape{2, 1, 1};
  const std::string name = direction ? "direction" : "descriptor";
  graph.Node("Flatten", {result}, name, {{"axis", int64_t{1}}});
  graph.Output(name, {kBatch, int64_t{shape.Size()}},
               direction
                   ? "cosine and sine of the angle from +x toward +y (down), "
                     "times how sure the network is"
                   : "compared by Euclidean distance");
}

// What a map turned by the angle of `direction` is: out(x) = in(x + t), t =
// angle W / (2 pi) columns. With a hat function over the whole columns d, out =
// sum over d of max(0, 1 - |t - d|) in(x + d), a product of each row with a
// W x W matrix.
class ColumnTurn {
 public:
  ColumnTurn(const Shape& map, OnnxGraph& graph) : map_(map), graph_(graph) {
    if (map.width < 8) {
      throw InputError("maps of " + std::to_string(map.width) +
                       " directions cannot be turned within ONNX: 8 or more");
    }
  }

  std::string Run(const std::string& map, const std::string& direction) const {
    const int64_t width = map_.width;
    const std::string hats = Hats(direction);
    // Of hats of d: entry (u, x) is that of d = u - x.
    std::vector<float> place(width * width * width);
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t d = 0; d < width; ++d) {
        place[(d * width + (x + d) % width) * width + x] = 1;
      }
    }
    const std::string matrix = Reshape(
        graph_.Node(
            "MatMul",
            {hats, graph_.Constant("place", {width, width * width}, place)},
            "turn"),
        {-1, width, width});
    const std::string rows =
        Reshape(map, {-1, int64_t{map_.channels} * map_.height, width});
    const std::string turned =
        graph_.Node("MatMul", {rows, matrix}, "turned_rows");
    return Reshape(turned, {-1, map_.channels, map_.height, width});
  }

 private:
  std::string Reshape(const std::string& x,
                      const std::vector<int64_t>& shape) const {
    return graph_.Node("Reshape", {x, graph_.Integers("shape", shape)},
                       "reshaped");
  }

  std::string Scalar(const std::string& op, const std::string& x,
                     double value) const {
    return graph_.Node(op, {x, graph_.Number("number", value)}, "scaled");
  }

  // Over the columns d: (N, W). The angle from column d is a - 2 pi d / W,
  // whose sine and cosine are products with (cos a, sin a); where it is less
  // than a column, it is 2 atan(sin / (1 + cos)). Far columns, where that is
  // ill-conditioned, are cut off by the cosine.
  std::string Hats(const std::string& direction) const {
    const int width = map_.width;
    std::vector<float> cosines(2 * width), sines(2 * width);
    for (int d = 0; d < width; ++d) {
      const double turn = 2 * std::numbers::pi * d / width;
      cosines[d] = static_cast<float>(std::cos(turn));
      cosines[width + d] = static_cast<float>(std::sin(turn));
      sines[d] = static_cast<float>(-std::sin(turn));
      sines[width + d] = static_cast<float>(std::cos(turn));
    }
    const std::string unit = Unit(direction);
    const std::string cosine = graph_.Node(
        "MatMul", {unit, graph_.Constant("cosines", {2, width}, cosines)},
        "cosine_from");
    const std::string sine = graph_.Node(
        "MatMul", {unit, graph_.Constant("sines", {2, width}, sines)},
        "sine_from");
    // Behind (cos < 0), where 1 + cos may be 0, columns are cut off below.
    const std::string near = graph_.Node("Relu", {cosine}, "near");
    const std::string half =
        graph_.Node("Div", {sine, Scalar("Add", near, 1)}, "tangent");
    const std::string distance =
        Scalar("Mul",
               graph_.Node("Abs", {graph_.Node("Atan", {half}, "half_angle")},
                           "distance"),
               -width / std::numbers::pi);
    const std::string hat =
        graph_.Node("Relu", {Scalar("Add", distance, 1)}, "hat");
    // 1 within a column, 0 from twice that on: W >= 8.
    const double one = std::cos(2 * std::numbers::pi / width);
    const double none = std::cos(4 * std::numbers::pi / width);
    // min(1, relu(v)) as 1 - relu(1 - relu(v)).
    const std::string rise = graph_.Node(
        "Relu",
        {Scalar("Mul", Scalar("Add", cosine, -none), 1.01 / (one - none))},
        "rise");
    const std::string fall = graph_.Node(
        "Relu", {Scalar("Add", Scalar("Mul", rise, -1), 1)}, "fall");
    const std::string cut = Scalar("Add", Scalar("Mul", fall, -1), 1);
    return graph_.Node("Mul", {hat, cut}, "hats");
  }

  std::string Unit(const std::string& direction) const {
    const std::string squares =
        graph_.Node("Mul", {direction, direction}, "squares");
    const std::string sum = graph_.Node(
        "MatMul", {squares, graph_.Constant("ones", {2, 1}, {1, 1})}, "sum");
    const std::string length =
        graph_.Node("Sqrt", {Scalar("Add", sum, 1e-24)}, "length");
    return graph_.Node("Div", {direction, SpreadRows(length, 2, graph_)},
                       "unit");
  }

  Shape map_;
  OnnxGraph& graph_;
};

}  // namespace

std::string OnnxOf(const Model& model, const OnnxFacts& facts) {
  const Shape& in = model.spec.input;
  OnnxGraph graph(model.spec.architecture);
  AddFacts(facts, NotesOf(model), model.spec.architecture, graph);
  if (IsDense(model.spec)) {
    graph.About("A score for every pixel whose window of " +
                std::to_string(in.height) + " x " + std::to_string(in.width) +
                " lies in the picture; see docs/onnx.md of Tiepoint.");
    const std::string image =
        graph.Input("image", {kBatch, int64_t{in.channels}, "H", "W"},
                    in.channels == 1 ? "gray, 0..255"
                                     : "the channels that it learned from");
    const std::string result =
        AddLayers(model, AddNormalization(model, image, graph), graph);
    graph.Node("Identity", {result}, "score");
    graph.Output("score", {kBatch, int64_t{1}, "h", "w"},
                 "larger is better; comparable within one network only");
    return graph.Bytes();
  }
  graph.About("Of patches around keypoints; see docs/onnx.md of Tiepoint.");
  const std::string patch = graph.Input(
      "patch",
      {kBatch, int64_t{in.channels}, int64_t{in.height}, int64_t{in.width}},
      PatchText(in));
  AddAnswer(AddLayers(model, AddNormalization(model, patch, graph), graph),
            OutputShape(model.spec), graph);
  return graph.Bytes();
}

std::string OnnxOf(const OrientedModel& model, const OnnxFacts& facts) {
  CheckOrientedModel(model);
  const Shape& in = model.trunk.spec.input;
  OnnxGraph graph("oriented");
  AddFacts(facts, NotesOf(model.trunk), "oriented", graph);
  graph.About(
      "The angle of a keypoint and its descriptor at that angle from one "
      "upright patch; see docs/onnx.md of Tiepoint.");
  const std::string patch = graph.Input(
      "patch",
      {kBatch, int64_t{in.channels}, int64_t{in.height}, int64_t{in.width}},
      PatchText(in));
  const std::string map = AddLayers(
      model.trunk, AddNormalization(model.trunk, patch, graph), graph);
  const std::string direction = AddLayers(model.orientation, map, graph);
  const Shape shape = OutputShape(model.trunk.spec);
  const std::string turned = ColumnTurn(shape, graph).Run(map, direction);
  AddAnswer(direction, OutputShape(model.orientation.spec), graph);
  AddAnswer(AddLayers(model.descriptor, turned, graph),
            OutputShape(model.descriptor.spec), graph);
  return graph.Bytes();
}

}  // namespace tiepoint
