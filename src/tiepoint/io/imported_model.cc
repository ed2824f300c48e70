// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/imported_model.h"

#include <cmath>
#include <filesystem>

#include "tiepoint/base/error.h"

namespace tiepoint {

bool IsSubtractiveKernel(const Tensor& kernel) {
  if (kernel.shape.size() != 2 || kernel.shape[0] != kernel.shape[1] ||
      kernel.shape[0] % 2 == 0) {
    return false;
  }
  const int size = static_cast<int>(kernel.shape[0]);
  const int radius = size / 2;
  const double sigma = size / 4.0;
  const double middle = kernel.data[radius * size + radius];
  if (!(middle > 0)) return false;
  for (int y = -radius; y <= radius; ++y) {
    for (int x = -radius; x <= radius; ++x) {
      const double expected = std::exp(-(x * x + y * y) / (2 * sigma * sigma));
      const double found =
          kernel.data[(y + radius) * size + x + radius] / middle;
      if (!(std::abs(found - expected) < 1e-4)) return false;
    }
  }
  return true;
}

std::string FindMisfit(const Model& model) {
  std::vector<Shape> shapes;
  try {
    shapes = Shapes(model.spec, model.spec.input);
  } catch (const InputError& e) {
    return e.what();
  }
  for (size_t i = 0; i < model.spec.layers.size(); ++i) {
    const LayerSpec& layer = model.spec.layers[i];
    if (!layer.HasWeights()) continue;
    if (model.weights.at(layer.name + ".weight").shape !=
        WeightShape(layer, shapes[i])) {
      return "the weights of layer '" + layer.name + "' do not fit its input";
    }
  }
  return "";
}

void NoteSource(Model& model, const std::string& path,
                const std::string& format) {
  // A folder may be written with a slash behind it.
  const auto clean = std::filesystem::path(path).lexically_normal();
  const auto name =
      clean.has_filename() ? clean.filename() : clean.parent_path().filename();
  model.notes["imported from"] = name.string() + " (" + format + ")";
  model.notes["licence"] = "that of the source; not for redistribution";
}

}  // namespace tiepoint
