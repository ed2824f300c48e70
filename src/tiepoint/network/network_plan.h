// SPDX-License-Identifier: Apache-2.0
// The layers of a network prepared for one number of samples of one size.
// Activations are NHWC between layers: oneDNN's kernels take it without
// reordering, our loops vectorise over channels, and for one channel it is the
// caller's NCHW. For source files only: it includes oneDNN's header.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/one_dnn.h"

namespace tiepoint {

struct NetworkStep;

// Immutable; workspaces hold all that changes.
class NetworkPlan {
 public:
  // Everything that one thread writes to while it runs a plan.
  struct Workspace {
    dnnl::stream stream;
    dnnl::memory maps[2];  // input and output of a step, in turn
    dnnl::memory padded;
    // Arguments of the oneDNN primitives, one entry a step.
    std::vector<std::unordered_map<int, dnnl::memory>> arguments;
  };

  NetworkPlan(const Model& model, const Shape& input, int batch,
              InferenceNetwork::Precision precision =
                  InferenceNetwork::Precision::kFloat);
  ~NetworkPlan();
  NetworkPlan(const NetworkPlan&) = delete;
  NetworkPlan& operator=(const NetworkPlan&) = delete;

  int batch() const { return batch_; }
  const Shape& input() const { return input_; }
  const Shape& output() const { return output_; }

  std::unique_ptr<Workspace> MakeWorkspace() const;
  // Where the batch of inputs (NHWC) goes.
  static float* InputOf(Workspace& work);
  // Destroys the input. Returns the batch of outputs (NHWC), inside `work`.
  const float* Run(Workspace& work) const;

 private:
  int batch_;
  Shape input_, output_;
  std::vector<NetworkStep> steps_;
  size_t map_size_ = 0;     // largest map between layers, of one sample
  size_t padded_size_ = 0;  // largest map that is moved before its layer
};

}  // namespace tiepoint
