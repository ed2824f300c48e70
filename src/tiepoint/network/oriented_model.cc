// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/network/oriented_model.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <utility>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

constexpr const char* kArchitecture = "oriented";

template <typename M>
struct Part {
  const char* name;  // in the description; before the names of its tensors
  M* model;
};

std::array<Part<Model>, 3> Parts(OrientedModel& model) {
  return {{{"trunk", &model.trunk},
           {"orientation", &model.orientation},
           {"descriptor", &model.descriptor}}};
}
std::array<Part<const Model>, 3> Parts(const OrientedModel& model) {
  return {{{"trunk", &model.trunk},
           {"orientation", &model.orientation},
           {"descriptor", &model.descriptor}}};
}

}  // namespace

void CheckOrientedModel(const OrientedModel& model) {
  const Shape map = OutputShape(model.trunk.spec);
  for (const auto& [name, part] : Parts(model)) {
    if (part != &model.trunk && part->spec.input != map) {
      throw InputError(std::string("oriented network: the input of '") + name +
                       "' is not the output of the trunk");
    }
    CheckWeights(*part);
  }
  if (OutputShape(model.orientation.spec).Size() != 2) {
    throw InputError("oriented network: the orientation has not 2 outputs");
  }
}

bool IsOrientedFile(const std::string& path) {
  return ArchitectureInFile(path) == kArchitecture;
}

OrientedModel ReadOrientedModel(const std::string& path) {
  SafeTensors file = ReadSafeTensors(path);
  const auto network = file.metadata.find("network");
  try {
    if (network == file.metadata.end()) {
      throw InputError("no network is described in it (not a Tiepoint model)");
    }
    const auto json = nlohmann::json::parse(network->second, nullptr, false);
    if (!json.is_object() || json.value("architecture", "") != kArchitecture) {
      throw InputError("it holds another kind of network");
    }
    OrientedModel model;
    for (const auto& [name, part] : Parts(model)) {
      if (!json.contains(name)) {
        throw InputError(std::string("its description has no '") + name + "'");
      }
      part->spec = NetworkSpecFromJson(json.at(name).dump());
      const std::string prefix = std::string(name) + ".";
      for (auto& [tensor, values] : file.tensors) {
        if (tensor.starts_with(prefix)) {
          part->weights[tensor.substr(prefix.size())] = std::move(values);
        }
      }
    }
    file.metadata.erase(network);
    TakeNotes(std::move(file.metadata), model.trunk);
    CheckOrientedModel(model);
    return model;
  } catch (const InputError& error) {
    throw InputError("weights file '" + path + "': " + error.what());
  }
}

void WriteOrientedModel(const std::string& path, const OrientedModel& model,
                        bool half) {
  CheckOrientedModel(model);
  SafeTensors file;
  nlohmann::ordered_json json;
  json["architecture"] = kArchitecture;
  for (const auto& [name, part] : Parts(model)) {
    json[name] = nlohmann::ordered_json::parse(ToJson(part->spec));
    for (const auto& [tensor, values] : part->weights) {
      file.tensors[std::string(name) + "." + tensor] = values;
    }
  }
  file.metadata = NotesOf(model.trunk);
  file.metadata["network"] = json.dump();
  WriteSafeTensors(path, file, half);
}

ColumnMove::ColumnMove(int width, float angle) {
  const double columns = angle * width / (2 * std::numbers::pi);
  const double whole = std::floor(columns);
  right = static_cast<float>(columns - whole);
  left = 1 - right;
  first = static_cast<int>(std::fmod(whole, width));
  if (first < 0) first += width;
}

void TurnColumns(const Shape& shape, const float* in, float angle, float* out) {
  const int width = shape.width;
  const ColumnMove move(width, angle);
  for (int row = 0; row < shape.channels * shape.height; ++row) {
    int column = move.first;
    for (int x = 0; x < width; ++x) {
      const int next = column + 1 == width ? 0 : column + 1;
      out[x] = move.left * in[column] + move.right * in[next];
      column = next;
    }
    in += width;
    out += width;
  }
}

double MultiplyAdds(const OrientedModel& model) {
  return MultiplyAdds(model.trunk.spec) + MultiplyAdds(model.orientation.spec) +
         MultiplyAdds(model.descriptor.spec);
}

}  // namespace tiepoint
