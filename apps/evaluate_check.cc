// SPDX-License-Identifier: Apache-2.0
#include "evaluate_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "evaluation/report.h"
#include "tiepoint/base/error.h"

using namespace tiepoint;

namespace {

constexpr double kSmallestPrecision = 0.8;  // of matches, at every angle
constexpr double kFullestBin = 0.5;         // of keypoints in 30 degrees

const Column* FindColumn(const ProtocolResult& result, const std::string& key) {
  for (const Column& column : result.columns) {
    if (column.key == key) return &column;
  }
  throw std::logic_error("no column " + key);
}

const MethodResult* FindMethod(const ProtocolResult& result,
                               const std::string& label) {
  for (const MethodResult& method : result.methods) {
    if (method.label == label) return &method;
  }
  return nullptr;
}

}  // namespace

bool CheckMatching(const ProtocolResult& result, bool quiet) {
  const MethodResult* rootsift = FindMethod(result, "rootsift");
  if (rootsift == nullptr) {
    throw InputError("--check compares with rootsift: add it to --presets");
  }
  const MethodResult& first = result.methods.front();
  const Column& correct = *FindColumn(result, "correct_3");
  const double ours = Summarize(result, first, correct, {}).value;
  const double theirs = Summarize(result, *rootsift, correct, {}).value;
  const bool reached = ours >= theirs;
  if (!quiet) {
    fmt::print("\ncheck: {} has {:.0f} correct matches, rootsift {:.0f}: {}\n",
               first.label, ours, theirs, reached ? "passed" : "failed");
  }
  return reached;
}

bool CheckRotation(const ProtocolResult& result, bool quiet) {
  const MethodResult& first = result.methods.front();
  double smallest = 1, fullest = 0;
  for (const Measurement& measurement : first.measurements) {
    smallest = std::min(smallest, measurement.at("precision").front());
    const double bin = measurement.at("fullest_bin").front();
    if (bin == bin) fullest = std::max(fullest, bin);
  }
  const bool reached =
      smallest >= kSmallestPrecision && fullest > 0 && fullest <= kFullestBin;
  if (!quiet) {
    fmt::print(
        "\ncheck: {}: at least {:.1f} % correct at every angle (bar {:.0f} %), "
        "at most {:.1f} % of the angles within 30 degrees (bar {:.0f} %): "
        "{}\n",
        first.label, 100 * smallest, 100 * kSmallestPrecision, 100 * fullest,
        100 * kFullestBin, reached ? "passed" : "failed");
  }
  return reached;
}
