// SPDX-License-Identifier: Apache-2.0
// What every protocol is: a list of items (image pairs, photographs, steps of a
// sweep), numbers measured on each, and columns that sum the numbers up. One
// driver (run.h) runs any protocol with any features, remembers what was
// measured, and hands one kind of result to tables, JSON, CSV and the report.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/features.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {

using Json = nlohmann::ordered_json;

// "Not defined here" (e.g. no ground truth); never part of a summary.
inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The smallest thing that is measured.
struct Item {
  std::string set;       // a data set: "oxford_affine"
  std::string sequence;  // a scene of it: "graf"
  std::string name;      // within the sequence: "1-2", "0003-0005", "90"
  std::string image1;    // paths; image2 is empty where one image is looked at
  std::string image2;
  // What a sweep changes: degrees, factor.
  std::optional<double> parameter;
};

// The raw numbers of one item, by name of the series: one number a run. Series
// without randomness have one run; those of a randomised estimator have as many
// as Settings() says.
using Measurement = std::map<std::string, std::vector<double>>;

// One number that sums up a series over items.
struct Column {
  std::string key;      // of JSON and CSV: "auc_5"
  std::string title;    // of tables: "AUC@5"
  std::string meaning;  // one sentence, with the unit
  std::string series;   // of the measurements
  // Of the defined values of some items, one run: mean, AUC, ... (statistics.h)
  std::function<double(std::span<const double>)> summarize;
  int decimals = 3;
  bool smaller_is_better = false;
  // Among the first that a reader wants to see (overviews, comparisons).
  bool headline = false;
};

// The numbers of one method on all items.
struct MethodResult {
  std::string label;  // "rootsift", "rootsift -0.25", "magsac: rootsift"
  Json settings;      // what the features depend on (FeatureSource::Settings)
  std::vector<Measurement> measurements;  // one an item, in order
};

struct ProtocolResult {
  std::string protocol;
  Json settings;
  std::vector<Item> items;
  std::vector<Column> columns;
  std::vector<MethodResult> methods;
  std::vector<Plot> plots;  // a curve a method
  // Pictures of the worst items.
  struct Picture {
    std::string caption;
    std::string jpeg;
  };
  std::vector<Picture> pictures;
  std::vector<std::string> notes;  // sentences for the reader
  // Aligned text, shown as it is: published numbers beside ours.
  std::vector<std::string> listings;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::string Name() const = 0;
  // Everything that changes a number, but for the features' own settings:
  // thresholds, estimators, seeds, how pairs were chosen.
  virtual Json Settings() const = 0;
  virtual const std::vector<Item>& Items() const = 0;
  virtual const std::vector<Column>& Columns() const = 0;
  // The same whatever the number of threads, and whatever was measured before.
  virtual Measurement Measure(const FeatureSource& source,
                              const Item& item) const = 0;

  // A method may stand for several rows (estimators): the suffix of each label
  // and the prefix of its series; the columns' series names come without it.
  // Default: one row.
  struct Variant {
    std::string label;   // "" or " + magsac"
    std::string prefix;  // "" or "magsac."
  };
  virtual std::vector<Variant> Variants() const { return {{"", ""}}; }

  virtual std::vector<Plot> Plots(const ProtocolResult&) const { return {}; }
  virtual std::vector<std::string> Notes(const ProtocolResult&) const {
    return {};
  }
  virtual std::vector<std::string> Listings(const ProtocolResult&) const {
    return {};
  }
  // The column whose lowest (highest, where smaller is better) values name the
  // worst items; empty: none are drawn.
  virtual std::string WorstColumn() const { return ""; }
  // A picture of an item (JPEG); empty when there is nothing to draw.
  virtual std::string Draw(const FeatureSource&, const Item&) const {
    return "";
  }
};

}  // namespace tiepoint
