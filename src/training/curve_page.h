// SPDX-License-Identifier: Apache-2.0
// A training as a page: how its loss and its validation values went, what it
// was told, how long it will take. One file without any link outside; it is
// written anew at every report and loads itself again while training runs.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tiepoint {

// Values by their names after a number of steps.
struct CurvePoint {
  int iteration = 0;
  std::map<std::string, double> values;
};

struct TrainingProgress {
  enum State { kRunning, kFinished, kStopped } state = kRunning;
  int iteration = 0;               // steps done
  nlohmann::ordered_json config;   // TrainConfig: kind, iterations, seed, ...
  std::string device;              // "cpu", "cuda"
  double seconds_a_step = 0;       // 0: not known yet
  std::string deciding;            // the value that decides what is kept
  bool smaller_is_better = false;  // of that value
  int best_iteration = 0;          // 0: none yet
  double best_value = 0;
  std::vector<CurvePoint> history;  // "loss" and validation values
};

// HTML. Values that are not finite leave a gap in their curve. Long histories
// are averaged to some hundred points a curve.
std::string CurvePage(const TrainingProgress& progress);

}  // namespace tiepoint
