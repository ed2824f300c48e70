// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/preset_step.h"

#include "tiepoint/base/error.h"
#include "tiepoint/network/model_file.h"
#include "tiepoint/network/oriented_model.h"

namespace tiepoint {
namespace {

const char* Name(WeightsRole role) {
  switch (role) {
    case WeightsRole::kDetector:
      return "a detector";
    case WeightsRole::kOrientation:
      return "an orientation network";
    case WeightsRole::kDescriptor:
      break;
  }
  return "a descriptor";
}

}  // namespace

std::string DetectorWeights(const std::string& step) {
  if (step == "lift") return "lift_detector";
  if (step == "jet") return "jet_detector";
  return step == "tilde" || step == kTilde24 ? "tilde" : "";
}

std::string OrientationWeights(const std::string& step) {
  if (step == "lift") return "lift_orientation";
  if (step == kOriented) return step;
  return step == "logpolar" ? "orientation_logpolar" : "";
}

std::string DescriptorWeights(const std::string& step) {
  return step == "deepdesc" || step == "logpolar" || step == kOriented ? step
                                                                       : "";
}

bool IsImported(const std::string& step) {
  return step.size() > kImported.size() && step.starts_with(kImported);
}

std::string PathOfImported(const std::string& step) {
  return step.substr(kImported.size());
}

WeightsRole RoleOfFile(const std::string& path) {
  switch (FormOf(path)) {
    case WeightsForm::kTilde:
      return WeightsRole::kDetector;
    case WeightsForm::kOrientation:
      return WeightsRole::kOrientation;
    case WeightsForm::kTiepoint:
      return IsOrientedFile(path) ? WeightsRole::kDescriptor
                                  : RoleOf(ReadModel(path));
    case WeightsForm::kTorch7:
    case WeightsForm::kLift:
      break;
  }
  return WeightsRole::kDescriptor;
}

void RequireRole(const std::string& path, WeightsRole needed) {
  if (needed != WeightsRole::kDetector && IsOrientedFile(path)) return;
  const WeightsRole role = RoleOfFile(path);
  if (role != needed) {
    throw InputError(path + ": holds " + Name(role) + ", not " + Name(needed));
  }
}

}  // namespace tiepoint
