// SPDX-License-Identifier: Apache-2.0
// A trained network with everything needed to run it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tiepoint/network/network_spec.h"
#include "tiepoint/network/safetensors.h"

namespace tiepoint {

struct Model {
  NetworkSpec spec;
  // "<layer name>.weight" and "<layer name>.bias" of each layer with weights;
  // batch normalisation is folded in at export.
  std::map<std::string, Tensor> weights;
  // Input normalisation: the network reads (intensity - mean) / deviation.
  // With per_patch each patch is first brought to mean 0, deviation 1.
  double mean = 0;
  double deviation = 1;
  bool per_patch = false;
  // Each pixel of the patch may have its own mean and deviation (the released
  // DeepDesc): both empty, or both of spec.input.Size() numbers, deviations
  // above 0. Then `mean`, `deviation` and `per_patch` are not looked at. In the
  // file: tensors "input.mean" and "input.deviation" of the input's shape.
  std::vector<float> pixel_mean;
  std::vector<float> pixel_deviation;
  // Everything else that the file states: "licence", "data", "seed", "commit",
  // "support", "grid", ... (metadata of the safetensors file).
  std::map<std::string, std::string> notes;

  // The number of that note, or `fallback` when it is absent.
  double Number(const std::string& note, double fallback) const;
};

// The note that says in what range the inputs of a layer lie, from 0 to its
// number or, where that is negative, as far on both sides of 0: what its int8
// form needs to know.
inline constexpr char kInt8RangePrefix[] = "int8_range_";
inline std::string Int8RangeNote(const std::string& layer) {
  return kInt8RangePrefix + layer;
}

// A model with ranges and this note computes in bytes only where int8 is asked
// for by name: what it loses was measured to matter.
inline constexpr char kInt8WhenAskedNote[] = "int8_only_when_asked";

// Throws InputError in one line when the file is damaged, is not a Tiepoint
// model, misses a tensor or has one of another shape.
Model ReadModel(const std::string& path);
// What kind of network a weights file describes (network_spec.h,
// consensus_model.h, oriented_model.h); empty where it is none of ours.
std::string ArchitectureInFile(const std::string& path);
void WriteModel(const std::string& path, const Model& model, bool half = false);

// Throws InputError in one line when a tensor of the layers is missing or has
// another shape.
void CheckWeights(const Model& model);

// What a file states of a model beside its layers: its notes, and the input
// normalisation (but that of each pixel) as notes "mean", "deviation" and
// "per_patch". TakeNotes throws InputError where these are not numbers.
std::map<std::string, std::string> NotesOf(const Model& model);
void TakeNotes(std::map<std::string, std::string> notes, Model& model);

// The shapes of a layer's weight, given its input.
std::vector<int64_t> WeightShape(const LayerSpec& layer, const Shape& input);

// (patch - mean) / deviation, or per patch, or per pixel; in place, `size`
// values. Per patch, one without contrast becomes zeros. Throws InputError when
// the model has means per pixel, but not `size` of them.
void NormalizeInput(const Model& model, float* patch, int size);

}  // namespace tiepoint
