// SPDX-License-Identifier: Apache-2.0
// The network as it runs for users: oneDNN convolutions, our kernels between.
#pragma once

#include <memory>
#include <string>

#include "tiepoint/network/model_file.h"

namespace tiepoint {

// Thread-safe after construction; weights are prepared once. One call runs on
// the calling thread alone (parallelism is over batches, with ParallelFor), so
// results do not depend on the number of threads. A sample's result does not
// depend on the other samples of its batch.
class InferenceNetwork {
 public:
  // Samples that Run takes in one call on the processor.
  static constexpr int kBatch = 32;

  // Of convolutions and linear layers; where the processor lacks it, the next.
  enum class Precision {
    kFastest,   // the first of these that the processor and the model have
    kInt8,      // bytes, in layers whose range of inputs the model notes
                // (int8_calibration.h), else as kBfloat16
    kBfloat16,  // 8 bits of mantissa, sums in float
    kFloat,     // what the naive network gives, to rounding
  };

  // "fastest", "int8", "bf16", "f32". Throws InputError for other names.
  static Precision ParsePrecision(const std::string& name);
  static std::string NameOf(Precision precision);

  explicit InferenceNetwork(Model model,
                            Precision precision = Precision::kFloat);
  ~InferenceNetwork();
  InferenceNetwork(InferenceNetwork&&) noexcept;
  InferenceNetwork& operator=(InferenceNetwork&&) noexcept;

  const Model& model() const;
  // Samples that Run takes in one call: kBatch, or many for a GPU
  // (network_backend.h).
  int Batch() const;

  // `input`: count x C x H x W of the spec's input, normalised
  // (NormalizeInput); 1 <= count <= Batch(). `output`: count x output size.
  void Run(const float* input, int count, float* output) const;
  // The same with channels last in input and output (count x H x W x C), as
  // they lie between the layers: saves the sorting where networks follow each
  // other.
  void RunChannelsLast(const float* input, int count, float* output) const;

  // A fully convolutional network (conv, relu, tanh, ghh; stride 1) on one
  // normalised plane of any size at least the kernel: a map of the network's
  // output channels, valid part only. Worked in strips of rows or, with one
  // convolution of large kernels, in tiles (FilterBank), so memory stays small
  // for any image; they run on all threads.
  std::vector<float> RunDense(const float* plane, int width, int height,
                              int* out_width, int* out_height) const;
  // Of a plane of this width, RunDense gives rows [a, b) of its map to the last
  // bit from the rows of the plane under them alone, where a is a multiple of
  // this, b too or the end of the map, and b - a at least this or the whole
  // map.
  int DenseRowStep(int width) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
