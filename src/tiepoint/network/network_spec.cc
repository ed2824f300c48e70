// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/network_spec.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tiepoint/base/error.h"
#include "tiepoint/network/jet.h"

namespace tiepoint {
namespace {

using Type = LayerSpec::Type;

constexpr std::array<std::pair<Type, const char*>, 12> kTypeNames = {{
    {Type::kConv, "conv"},
    {Type::kLinear, "linear"},
    {Type::kRelu, "relu"},
    {Type::kTanh, "tanh"},
    {Type::kMaxPool, "max_pool"},
    {Type::kAveragePool, "average_pool"},
    {Type::kL2Pool, "l2_pool"},
    {Type::kSubtractiveNorm, "subtractive_norm"},
    {Type::kGhh, "ghh"},
    {Type::kL2Normalize, "l2_normalize"},
    {Type::kCircularSoftArgmax, "circular_soft_argmax"},
    {Type::kJet, "jet"},
}};

const char* Name(Type type) {
  for (const auto& [t, name] : kTypeNames) {
    if (t == type) return name;
  }
  return "unknown";
}

Type TypeFromName(const std::string& name) {
  for (const auto& [t, n] : kTypeNames) {
    if (name == n) return t;
  }
  throw InputError("unknown layer type '" + name + "'");
}

std::string Describe(const LayerSpec& layer, const Shape& in) {
  return std::string("layer ") + Name(layer.type) +
         (layer.name.empty() ? "" : " '" + layer.name + "'") +
         " cannot take an input of " + std::to_string(in.channels) + "x" +
         std::to_string(in.height) + "x" + std::to_string(in.width);
}

}  // namespace

Shape OutputShape(const LayerSpec& layer, const Shape& in) {
  const auto fail = [&]() -> Shape { throw InputError(Describe(layer, in)); };
  if (in.channels < 1 || in.height < 1 || in.width < 1) return fail();
  switch (layer.type) {
    case Type::kConv: {
      if (layer.out < 1 || layer.kernel < 1 || layer.stride < 1 ||
          layer.stride_y < 0 || layer.padding < 0) {
        return fail();
      }
      const int h = in.height + 2 * layer.padding - layer.kernel;
      const int w = in.width + 2 * layer.padding - layer.kernel;
      if (h < 0 || w < 0 || (layer.circular_x && layer.padding > in.width)) {
        return fail();
      }
      return {layer.out, h / layer.StrideY() + 1, w / layer.stride + 1};
    }
    case Type::kLinear:
      if (layer.out < 1) return fail();
      return {layer.out, 1, 1};
    case Type::kMaxPool:
    case Type::kAveragePool:
    case Type::kL2Pool:
      if (layer.kernel < 1 || in.height < layer.kernel ||
          in.width < layer.kernel) {
        return fail();
      }
      return {in.channels, in.height / layer.kernel, in.width / layer.kernel};
    case Type::kSubtractiveNorm:
      if (layer.kernel < 1 || layer.kernel % 2 == 0) return fail();
      return in;
    case Type::kGhh: {
      const int group = layer.sums * layer.maxes;
      if (layer.sums < 1 || layer.maxes < 1 || in.channels % group != 0) {
        return fail();
      }
      return {in.channels / group, in.height, in.width};
    }
    case Type::kCircularSoftArgmax:
      if (in.channels != 1) return fail();
      return {2, 1, 1};
    case Type::kJet:
      if (in.channels != 1 || std::min(in.height, in.width) <= 2 * kJetReach) {
        return fail();
      }
      return {kJetChannels, in.height - 2 * kJetReach,
              in.width - 2 * kJetReach};
    case Type::kRelu:
    case Type::kTanh:
    case Type::kL2Normalize:
      return in;
  }
  return fail();
}

std::vector<Shape> Shapes(const NetworkSpec& spec, const Shape& input) {
  std::vector<Shape> shapes = {input};
  for (const LayerSpec& layer : spec.layers) {
    shapes.push_back(OutputShape(layer, shapes.back()));
  }
  return shapes;
}

Shape OutputShape(const NetworkSpec& spec) {
  return Shapes(spec, spec.input).back();
}

double MultiplyAdds(const NetworkSpec& spec) {
  const auto shapes = Shapes(spec, spec.input);
  double sum = 0;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const double out = shapes[i + 1].Size();
    if (layer.type == Type::kConv) {
      sum += out * shapes[i].channels * layer.kernel * layer.kernel;
    } else if (layer.type == Type::kLinear) {
      sum += out * shapes[i].Size();
    } else if (layer.type == Type::kJet) {
      // Blurs along both axes, at each scale; the derivatives are few.
      sum += shapes[i + 1].height * shapes[i + 1].width *
             (2. * kJetSigmas.size() * (2 * kJetReach - 1));
    }
  }
  return sum;
}

std::string ToJson(const NetworkSpec& spec) {
  nlohmann::ordered_json json;
  json["architecture"] = spec.architecture;
  json["input"] = {spec.input.channels, spec.input.height, spec.input.width};
  json["layers"] = nlohmann::ordered_json::array();
  for (const LayerSpec& layer : spec.layers) {
    nlohmann::ordered_json item;
    item["type"] = Name(layer.type);
    if (layer.HasWeights()) item["name"] = layer.name;
    if (layer.out) item["out"] = layer.out;
    if (layer.kernel) item["kernel"] = layer.kernel;
    if (layer.stride != 1) item["stride"] = layer.stride;
    if (layer.stride_y) item["stride_y"] = layer.stride_y;
    if (layer.padding) item["padding"] = layer.padding;
    if (layer.circular_x) item["circular_x"] = true;
    if (layer.type == Type::kGhh) {
      item["sums"] = layer.sums;
      item["maxes"] = layer.maxes;
    }
    json["layers"].push_back(item);
  }
  return json.dump();
}

NetworkSpec NetworkSpecFromJson(const std::string& text) {
  NetworkSpec spec;
  try {
    const auto json = nlohmann::json::parse(text);
    spec.architecture = json.at("architecture").get<std::string>();
    if (!json.contains("layers")) {
      throw InputError("network '" + spec.architecture +
                       "' is no chain of layers");
    }
    const auto input = json.at("input").get<std::vector<int>>();
    if (input.size() != 3) throw InputError("'input' needs three sizes");
    spec.input = {input[0], input[1], input[2]};
    for (const auto& item : json.at("layers")) {
      LayerSpec layer;
      layer.type = TypeFromName(item.at("type").get<std::string>());
      layer.name = item.value("name", "");
      layer.out = item.value("out", 0);
      layer.kernel = item.value("kernel", 0);
      layer.stride = item.value("stride", 1);
      layer.stride_y = item.value("stride_y", 0);
      layer.padding = item.value("padding", 0);
      layer.circular_x = item.value("circular_x", false);
      layer.sums = item.value("sums", 4);
      layer.maxes = item.value("maxes", 4);
      spec.layers.push_back(layer);
    }
  } catch (const nlohmann::json::exception& e) {
    throw InputError(std::string("bad description of a network: ") + e.what());
  }
  Shapes(spec, spec.input);  // throws when the layers do not fit
  return spec;
}

}  // namespace tiepoint
