// SPDX-License-Identifier: Apache-2.0
#include "training/architectures.h"

#include <cstdio>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

LayerSpec Conv(const std::string& name, int out, int kernel, int stride = 1,
               int padding = 0, bool circular_x = false) {
  LayerSpec layer;
  layer.type = Type::kConv;
  layer.name = name;
  layer.out = out;
  layer.kernel = kernel;
  layer.stride = stride;
  layer.padding = padding;
  layer.circular_x = circular_x;
  return layer;
}

LayerSpec Linear(const std::string& name, int out) {
  LayerSpec layer;
  layer.type = Type::kLinear;
  layer.name = name;
  layer.out = out;
  return layer;
}

LayerSpec Layer(Type type, int kernel = 0) {
  LayerSpec layer;
  layer.type = type;
  layer.kernel = kernel;
  return layer;
}

// CNN3 of DeepDesc. As published: tanh, L2 pooling, subtractive normalisation,
// outputs of norm 40; `connections` 8 is the paper's sparse form. The other
// form is LIFT's, with unit outputs.
Model DeepDesc(bool published, int connections) {
  Model model;
  model.spec.input = {1, 64, 64};
  const Type bend = published ? Type::kTanh : Type::kRelu;
  const Type pool = published ? Type::kL2Pool : Type::kAveragePool;
  struct Stage {
    const char* name;
    int out, kernel, pool;
  };
  for (const Stage& stage : {Stage{"conv1", 32, 7, 2}, Stage{"conv2", 64, 6, 3},
                             Stage{"conv3", 128, 5, 4}}) {
    std::vector<LayerSpec>& layers = model.spec.layers;
    layers.push_back(Conv(stage.name, stage.out, stage.kernel));
    layers.push_back(Layer(bend));
    layers.push_back(Layer(pool, stage.pool));
    if (published && stage.out < 128) {
      layers.push_back(Layer(Type::kSubtractiveNorm, 5));
    }
  }
  if (!published) model.spec.layers.push_back(Layer(Type::kL2Normalize));
  model.spec.architecture = !published        ? "deepdesc"
                            : connections > 0 ? "deepdesc-sparse"
                                              : "deepdesc-dense";
  model.per_patch = true;
  if (connections > 0) model.notes["connections"] = std::to_string(connections);
  PatchGeometry geometry;
  geometry.size = 64;
  geometry.support = 12;
  NoteGeometry(geometry, model);
  return model;
}

// A convolution over a log-polar patch: the columns are angles and wrap around.
LayerSpec Circular(const std::string& name, int out, int kernel, int stride) {
  return Conv(name, out, kernel, stride, kernel / 2, true);
}

void TakeLogPolarPatches(Model& model) {
  model.per_patch = true;
  PatchGeometry geometry;
  geometry.grid = PatchGeometry::Grid::kLogPolar;
  geometry.size = 32;
  geometry.support = 28;
  geometry.inner = 1;
  NoteGeometry(geometry, model);
}

Model LogPolar() {
  Model model;
  model.spec = {"logpolar",
                {1, 32, 32},
                {Circular("conv1", 32, 5, 2), Layer(Type::kRelu),
                 Circular("conv2", 64, 3, 2), Layer(Type::kRelu),
                 Circular("conv3", 64, 3, 1), Layer(Type::kRelu),
                 Circular("conv4", 128, 3, 2), Layer(Type::kRelu),
                 Linear("fc", 128), Layer(Type::kL2Normalize)}};
  TakeLogPolarPatches(model);
  return model;
}

// The descriptor's patch and LIFT's last layers. A turn of the photograph moves
// the columns, so the network sees one pattern at another place instead of a
// turned one.
Model LogPolarOrientation() {
  Model model;
  model.spec = {
      "logpolar-orientation",
      {1, 32, 32},
      {Circular("conv1", 32, 5, 2), Layer(Type::kRelu),
       Circular("conv2", 48, 3, 2), Layer(Type::kRelu),
       Circular("conv3", 48, 3, 1), Layer(Type::kRelu), Linear("fc4", 256),
       Layer(Type::kGhh), Linear("fc5", 32), Layer(Type::kGhh)}};
  TakeLogPolarPatches(model);
  return model;
}

// A circular convolution that keeps the columns and halves the rows.
LayerSpec HalveRows(const std::string& name, int out) {
  LayerSpec layer = Circular(name, out, 3, 1);
  layer.stride_y = 2;
  return layer;
}

// One score for each direction, by convolutions that keep the columns: a turn
// by two columns moves the scores by one place and changes nothing else, so
// what was learned at one angle holds at all.
Model CircularOrientation() {
  Model model;
  model.spec = {
      "circular-orientation",
      {1, 32, 32},
      {Circular("conv1", 24, 5, 2), Layer(Type::kRelu), HalveRows("conv2", 32),
       Layer(Type::kRelu), HalveRows("conv3", 48), Layer(Type::kRelu),
       HalveRows("conv4", 64), Layer(Type::kRelu), HalveRows("conv5", 64),
       Layer(Type::kRelu), Circular("scores", 1, 3, 1),
       Layer(Type::kCircularSoftArgmax)}};
  TakeLogPolarPatches(model);
  return model;
}

OrientedModel Oriented() {
  OrientedModel model;
  model.trunk.spec = {
      "oriented-trunk",
      {1, 32, 32},
      {Circular("conv1", 16, 5, 2), Layer(Type::kRelu), HalveRows("conv2", 32),
       Layer(Type::kRelu), HalveRows("conv3", 48), Layer(Type::kRelu),
       HalveRows("conv4", 64), Layer(Type::kRelu)}};
  TakeLogPolarPatches(model.trunk);
  const Shape map = OutputShape(model.trunk.spec);
  model.orientation.spec = {
      "oriented-orientation",
      map,
      {HalveRows("conv", 32), Layer(Type::kRelu), Circular("scores", 1, 3, 1),
       Layer(Type::kCircularSoftArgmax)}};
  model.descriptor.spec = {"oriented-descriptor",
                           map,
                           {Linear("fc", 128), Layer(Type::kL2Normalize)}};
  return model;
}

Model LiftOrientation() {
  Model model;
  model.spec = {
      "lift-orientation",
      {1, 64, 64},
      {Conv("conv1", 10, 5), Layer(Type::kRelu), Layer(Type::kMaxPool, 2),
       Conv("conv2", 20, 5), Layer(Type::kRelu), Layer(Type::kMaxPool, 2),
       Conv("conv3", 50, 3), Layer(Type::kRelu), Layer(Type::kMaxPool, 2),
       Linear("fc4", 1600), Layer(Type::kGhh), Linear("fc5", 32),
       Layer(Type::kGhh)}};
  model.per_patch = true;
  PatchGeometry geometry;
  geometry.size = 64;
  geometry.support = 6;
  NoteGeometry(geometry, model);
  return model;
}

Model LiftDetector() {
  Model model;
  model.spec = {
      "lift-detector", {1, 25, 25}, {Conv("conv", 16, 25), Layer(Type::kGhh)}};
  // Fixed, not per patch: the score of a place must not depend on the window
  // that it is computed in.
  model.mean = 128;
  model.deviation = 64;
  return model;
}

Model JetDetector() {
  Model model;
  const int side = 2 * kJetReach + 1;
  model.spec = {"jet-detector",
                {1, side, side},
                {Layer(Type::kJet), Conv("hidden", 16, 1), Layer(Type::kRelu),
                 Conv("score", 1, 1)}};
  model.mean = 128;
  model.deviation = 64;
  return model;
}

Model Tilde() {
  Model model;
  model.spec = {
      "tilde", {6, 21, 21}, {Conv("conv", 16, 21), Layer(Type::kGhh)}};
  return model;  // the normalisation of channels is in the filters
}

std::string Text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", value);
  return buffer;
}

}  // namespace

Model MakeArchitecture(const std::string& name) {
  if (name == "deepdesc") return DeepDesc(false, 0);
  if (name == "deepdesc-dense") return DeepDesc(true, 0);
  if (name == "deepdesc-sparse") return DeepDesc(true, 8);
  if (name == "logpolar") return LogPolar();
  if (name == "lift-orientation") return LiftOrientation();
  if (name == "logpolar-orientation") return LogPolarOrientation();
  if (name == "circular-orientation") return CircularOrientation();
  if (name == "lift-detector") return LiftDetector();
  if (name == "jet-detector") return JetDetector();
  if (name == "tilde") return Tilde();
  throw InputError(
      "unknown architecture '" + name +
      "'; choose deepdesc, deepdesc-dense, deepdesc-sparse, "
      "logpolar, lift-orientation, logpolar-orientation, "
      "circular-orientation, lift-detector, jet-detector or tilde");
}

bool IsOrientedArchitecture(const std::string& name) {
  return name.starts_with("oriented");
}

OrientedModel MakeOrientedArchitecture(const std::string& name) {
  if (name == "oriented") return Oriented();
  throw InputError("unknown architecture '" + name + "'; choose oriented");
}

void NoteGeometry(const PatchGeometry& geometry, Model& model) {
  const bool polar = geometry.grid == PatchGeometry::Grid::kLogPolar;
  model.notes["grid"] = polar ? "1" : "0";
  model.notes["support"] = Text(geometry.support);
  model.notes["inner"] = Text(geometry.inner);
}

PatchGeometry NotedGeometry(const Model& model) {
  PatchGeometry geometry;
  geometry.grid = model.Number("grid", 0) != 0
                      ? PatchGeometry::Grid::kLogPolar
                      : PatchGeometry::Grid::kCartesian;
  geometry.size = model.spec.input.width;
  geometry.support = model.Number("support", geometry.support);
  geometry.inner = model.Number("inner", geometry.inner);
  return geometry;
}

}  // namespace tiepoint
