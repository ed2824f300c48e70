// SPDX-License-Identifier: Apache-2.0
// Prints random cases and what statistics.h makes of them, as JSON, for
// statistics_test.py to compute again. Infinite errors and undefined results
// are null.
#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "evaluation/statistics.h"
#include "tiepoint/base/random.h"

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;

// Some are ties, some are infinite, all are of about the size of a threshold.
std::vector<double> RandomErrors(Random& random, int count) {
  const double failures = random.Chance(0.5) ? random.Uniform(0, 0.5) : 0;
  const double ties = random.Chance(0.5) ? 0.3 : 0;
  const double size = std::exp(random.Uniform(-2, 5));
  std::vector<double> errors;
  for (int i = 0; i < count; ++i) {
    if (random.Chance(failures)) {
      errors.push_back(std::numeric_limits<double>::infinity());
    } else if (!errors.empty() && random.Chance(ties)) {
      errors.push_back(errors[random.Integer(i)]);
    } else {
      errors.push_back(size * std::abs(random.Normal()));
    }
  }
  return errors;
}

Json ErrorCase(const std::vector<double>& errors) {
  Json json;
  json["errors"] = errors;
  for (const double threshold : {1.0, 3.0, 5.0, 10.0, 20.0}) {
    json["results"].push_back({{"threshold", threshold},
                               {"auc", ErrorAuc(errors, threshold)},
                               {"accuracy", AccuracyAt(errors, threshold)},
                               {"step_area", StepAuc(errors, threshold)},
                               {"map_5", MeanAccuracy(errors, 5, threshold)},
                               {"maa_1", MeanAccuracy(errors, 1, threshold)}});
  }
  json["mean"] = Mean(errors);
  json["median"] = Median(errors);
  return json;
}

std::vector<Scored> RandomDecisions(Random& random, int count) {
  const double share = random.Uniform(0.02, 0.9);
  const double quality = random.Uniform(-0.5, 4);
  const bool rounded = random.Chance(0.5);
  std::vector<Scored> decisions(count);
  for (Scored& d : decisions) {
    d.positive = random.Chance(share);
    d.score = random.Normal() + (d.positive ? quality : 0);
    if (rounded) d.score = std::round(4 * d.score) / 4;
  }
  return decisions;
}

Json DecisionCase(const std::vector<Scored>& decisions, double positives) {
  Json json;
  json["scores"] = Json::array();
  json["labels"] = Json::array();
  for (const Scored& d : decisions) {
    json["scores"].push_back(d.score);
    json["labels"].push_back(d.positive);
  }
  json["positives"] = positives;
  json["pr_auc"] = PrecisionRecallAuc(decisions, positives);
  json["roc_auc"] = RocAuc(decisions);
  json["fpr95"] = FalsePositiveRate(decisions, 0.95);
  json["fpr80"] = FalsePositiveRate(decisions, 0.8);
  return json;
}

Json Cases() {
  Random random(20);
  Json json;
  json["errors"].push_back(ErrorCase({}));
  json["decisions"].push_back(DecisionCase({}, 0));
  for (int i = 0; i < 300; ++i) {
    const int count = 1 + random.Integer(i % 3 == 0 ? 8 : 300);
    json["errors"].push_back(ErrorCase(RandomErrors(random, count)));
    const auto decisions = RandomDecisions(random, count);
    double positives = 0;
    for (const Scored& d : decisions) positives += d.positive;
    json["decisions"].push_back(
        DecisionCase(decisions, positives + random.Integer(3)));
  }
  return json;
}

}  // namespace
}  // namespace tiepoint

int main() { std::cout << tiepoint::Cases() << "\n"; }
