// SPDX-License-Identifier: Apache-2.0
#include "bench_work.h"

#include <algorithm>
#include <string>

#include "tiepoint/network/model_file.h"
#include "tiepoint/network/oriented_model.h"

using namespace tiepoint;

namespace {

double DetectorWork(const Model& model, const LiftDetectorOptions& options,
                    int width, int height) {
  const double per_pixel =
      MultiplyAdds(model.spec) / OutputShape(model.spec).Size();
  if (model.spec.input.channels != 1) {  // TILDE: one scale
    return per_pixel * width * height;
  }
  double pixels = 0;
  for (const double scale : options.scales.Scales()) {
    const double spacing = scale / kPixelsPerScale;
    pixels += width / spacing * height / spacing;
  }
  return per_pixel * pixels;
}

// Multiply-adds of a network that looks at keypoints; 0 without one.
double NetworkWork(const std::string& weights, const ExtractorOptions& options,
                   bool* oriented) {
  if (weights.empty()) return 0;
  const std::string path = FindModel(options.models, weights);
  if (IsOrientedFile(path)) {
    *oriented = true;
    return MultiplyAdds(ReadOrientedModel(path));
  }
  return MultiplyAdds(ReadModel(path).spec);
}

}  // namespace

StepsWork WorkOf(const Preset& preset, const ExtractorOptions& options,
                 int width, int height) {
  StepsWork work;
  const WeightsNames names = NamesOfWeights(preset);
  if (!names.detector.empty()) {
    work.detect =
        DetectorWork(ReadModel(FindModel(options.models, names.detector)),
                     ScaleSpaceOf(preset, options), width, height);
  }
  work.describe = NetworkWork(names.descriptor, options, &work.half);
  if (!work.half || names.orientation != names.descriptor) {
    work.orient = NetworkWork(names.orientation, options, &work.half);
  }
  return work;
}
