// SPDX-License-Identifier: Apache-2.0
#include "evaluate_protocols.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "evaluation/homography.h"
#include "evaluation/matching.h"
#include "evaluation/repeatability.h"
#include "tiepoint/base/error.h"

namespace {

using namespace tiepoint;
using ProtocolPtr = std::unique_ptr<Protocol>;

const std::map<std::string, SfmIntrinsics> kIntrinsics = {
    {"auto", SfmIntrinsics::kAuto},
    {"known", SfmIntrinsics::kKnown},
    {"prior", SfmIntrinsics::kPrior}};

ProtocolPtr MakeRepeatability(const EvaluateArguments& a) {
  RepeatabilityOptions options;
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kEvaluationImageSize), a.ImageSize(0)};
  return MakeRepeatabilityProtocol(a.folders, options);
}

FilteredMatcherOptions Filtered(const EvaluateArguments& a,
                                const std::string& filter) {
  FilteredMatcherOptions options;
  options.filter = ParseMatchFilter(filter);
  options.max_ratio = a.ratio;
  if (options.filter == MatchFilter::kLearned) {
    options.classifier = FindModel(a.extractor.models, kCorrespondenceWeights);
  }
  return options;
}

ProtocolPtr MakeMatching(const EvaluateArguments& a) {
  MatchingOptions options;
  options.matching = Filtered(a, a.filter);
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kEvaluationImageSize), a.ImageSize(0)};
  return MakeMatchingProtocol(a.folders, options);
}

ProtocolPtr MakeHomography(const EvaluateArguments& a) {
  HomographyOptions options;
  options.matching = Filtered(a, a.filter);
  options.pairs = a.pairs;
  options.image_size = {a.ImageSize(kEvaluationImageSize), a.ImageSize(0)};
  options.estimator = ParseHomographyEstimator(a.homography_estimator);
  options.runs = a.runs;
  options.seed = a.common.seed;
  return MakeHomographyProtocol(a.folders, options);
}

ProtocolPtr MakeRotation(const EvaluateArguments& a) {
  RotationOptions options = a.rotation;
  options.matching = Filtered(a, a.filter);
  options.one_a_set = a.one_a_set;
  options.max_image_size = a.ImageSize(kEvaluationImageSize);
  return MakeRotationProtocol(a.folders, options);
}

ProtocolPtr MakeScale(const EvaluateArguments& a) {
  ScaleOptions options = a.scale;
  options.matching = Filtered(a, a.filter);
  options.one_a_set = a.one_a_set;
  // Four times 1024 pixels a side would take most of the time of `all`.
  options.max_image_size =
      a.ImageSize(a.one_a_set ? 640 : kEvaluationImageSize);
  return MakeScaleProtocol(a.folders, options);
}

ProtocolPtr MakePatches(const EvaluateArguments& a) {
  PatchesOptions options = a.patches;
  options.seed = a.common.seed;
  return MakePatchesProtocol(a.folders, options);
}

ProtocolPtr MakePose(const EvaluateArguments& a) {
  PoseProtocolOptions options = a.pose;
  options.max_ratio = a.ratio;
  options.max_image_size = a.ImageSize(kEvaluationImageSize);
  options.runs = a.runs;
  options.seed = a.common.seed;
  const bool learned =
      std::any_of(options.estimators.begin(), options.estimators.end(),
                  [](const auto& name) { return name.starts_with("learned"); });
  if (learned && options.classifier.empty()) {
    options.classifier = FindModel(a.extractor.models, "correspondence");
  }
  return MakePoseProtocol(a.folders, options);
}

ProtocolPtr MakeSfm(const EvaluateArguments& a) {
  SfmOptions options = a.sfm;
  options.matching = Filtered(a, a.sfm_filter);
  options.max_image_size = a.ImageSize(0);
  options.intrinsics = kIntrinsics.at(a.sfm_intrinsics);
  if (!a.common.quiet) {
    // Over the progress line, which comes again with the next step.
    options.report = [](const std::string& text) {
      fmt::print(stderr, "{}{}\n", isatty(2) != 0 ? "\r\033[K" : "", text);
    };
  }
  return MakeSfmProtocol(a.folders, options);
}

struct NamedProtocol {
  const char* name;
  ProtocolPtr (*make)(const EvaluateArguments&);
};
constexpr NamedProtocol kProtocols[] = {
    {"repeatability", MakeRepeatability},
    {"matching", MakeMatching},
    {"homography", MakeHomography},
    {"rotation", MakeRotation},
    {"scale", MakeScale},
    {"pose", MakePose},
    {"patches", MakePatches},
    {"sfm", MakeSfm},
};

std::vector<ProtocolPtr> MakeOne(const EvaluateArguments& arguments,
                                 const std::string& name) {
  std::vector<ProtocolPtr> protocols;
  for (const NamedProtocol& protocol : kProtocols) {
    if (name == protocol.name) protocols.push_back(protocol.make(arguments));
  }
  return protocols;
}

// Every protocol that finds its kind of truth in the folders.
std::vector<ProtocolPtr> MakeAll(const EvaluateArguments& arguments) {
  std::vector<ProtocolPtr> protocols;
  for (const NamedProtocol& protocol : kProtocols) {
    try {
      protocols.push_back(protocol.make(arguments));
    } catch (const InputError& error) {
      if (!arguments.common.quiet) {
        fmt::print("{} is left out: {}\n", protocol.name, error.what());
      }
    }
  }
  if (protocols.empty()) {
    throw InputError("--data: nothing here that a protocol can be run on");
  }
  return protocols;
}

}  // namespace

std::vector<ProtocolPtr> MakeProtocols(const EvaluateArguments& arguments,
                                       const std::string& name) {
  return name == "all" ? MakeAll(arguments) : MakeOne(arguments, name);
}
