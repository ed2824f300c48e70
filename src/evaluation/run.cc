// SPDX-License-Identifier: Apache-2.0
#include "evaluation/run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "evaluation/measurement_memo.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

using Variant = Protocol::Variant;

// ------------------------------------------------------------------ running

// A source with its measurements, one an item.
struct Measured {
  const FeatureSource* source = nullptr;
  std::vector<Measurement> measurements;
};

class Runner {
 public:
  Runner(const Protocol& protocol, const RunOptions& options, int total)
      : protocol_(protocol),
        options_(options),
        memo_(options.cache, protocol),
        total_(total) {}

  // All forms of one source on one item before the next item: the photographs'
  // features are at hand then.
  void Measure(const Item& item, Measured& measured) {
    CheckInterrupt();
    Show(measured.source->Label() + ": " + item.sequence + " " + item.name);
    auto found = memo_.Find(*measured.source, item);
    if (!found) {
      found = protocol_.Measure(*measured.source, item);
      memo_.Keep(*measured.source, item, *found);
    }
    measured.measurements.push_back(std::move(*found));
    ++done_;
  }

  void Show(const std::string& text) const {
    if (options_.progress) options_.progress(done_, total_, text);
  }

 private:
  const Protocol& protocol_;
  const RunOptions& options_;
  MeasurementMemo memo_;
  int done_ = 0, total_ = 0;
};

// The variant that a series belongs to; -1: all of them.
int Owner(const std::string& series, const std::vector<Variant>& variants) {
  int owner = -1;
  size_t longest = 0;
  for (size_t v = 0; v < variants.size(); ++v) {
    const std::string& prefix = variants[v].prefix;
    if (prefix.size() > longest && series.starts_with(prefix)) {
      longest = prefix.size();
      owner = static_cast<int>(v);
    }
  }
  return owner;
}

Measurement OfVariant(const Measurement& all,
                      const std::vector<Variant>& variants, int index) {
  Measurement own;
  for (const auto& [series, runs] : all) {
    const int owner = Owner(series, variants);
    if (owner == index) {
      own[series.substr(variants[index].prefix.size())] = runs;
    } else if (owner < 0) {
      own.emplace(series, runs);
    }
  }
  return own;
}

// The rows of one source: one a variant.
void AddMethods(const Measured& measured, const std::vector<Variant>& variants,
                ProtocolResult& result) {
  for (size_t v = 0; v < variants.size(); ++v) {
    MethodResult method;
    method.label = measured.source->Label() + variants[v].label;
    method.settings = measured.source->Settings();
    for (const Measurement& all : measured.measurements) {
      method.measurements.push_back(
          OfVariant(all, variants, static_cast<int>(v)));
    }
    result.methods.push_back(std::move(method));
  }
}

// ----------------------------------------------------------------- pictures

// The items with the worst values of a column, worst first; equal ones in the
// order of the items. Items without a value are no candidates.
std::vector<std::pair<double, int>> WorstItems(const ProtocolResult& result,
                                               const MethodResult& method,
                                               const Column& column,
                                               int count) {
  std::vector<std::pair<double, int>> order;
  for (size_t i = 0; i < result.items.size(); ++i) {
    const Item* only = &result.items[i];
    const double value =
        Summarize(result, method, column, [only](const Item& item) {
          return &item == only;
        }).value;
    if (!std::isnan(value)) order.emplace_back(value, static_cast<int>(i));
  }
  std::stable_sort(
      order.begin(), order.end(), [&](const auto& a, const auto& b) {
        return column.smaller_is_better ? a.first > b.first : a.first < b.first;
      });
  if (order.size() > static_cast<size_t>(count)) order.resize(count);
  return order;
}

std::string Caption(const MethodResult& method, const Item& item,
                    const Column& column, double value) {
  char number[64];
  std::snprintf(number, sizeof(number), "%.*f", column.decimals, value);
  return method.label + ": " + item.set + " " + item.sequence + " " +
         item.name + ", " + column.title + " " + number;
}

// `sources`: of each method.
void DrawWorst(const Protocol& protocol,
               const std::vector<const FeatureSource*>& sources, int count,
               const Runner& runner, ProtocolResult& result) {
  const std::string key = protocol.WorstColumn();
  const auto column =
      std::find_if(result.columns.begin(), result.columns.end(),
                   [&](const Column& c) { return c.key == key; });
  if (column == result.columns.end()) return;
  // Variants of a source share a picture.
  std::set<std::pair<const FeatureSource*, int>> drawn;
  for (size_t m = 0; m < result.methods.size(); ++m) {
    const MethodResult& method = result.methods[m];
    for (const auto& [value, i] : WorstItems(result, method, *column, count)) {
      if (!drawn.emplace(sources[m], i).second) continue;
      CheckInterrupt();
      const Item& item = result.items[i];
      runner.Show("drawing " + item.sequence + " " + item.name);
      std::string png = protocol.Draw(*sources[m], item);
      if (png.empty()) continue;
      result.pictures.push_back(
          {Caption(method, item, *column, value), std::move(png)});
    }
  }
}

// ---------------------------------------------------------------- summaries

// The runs of one series, an entry an item.
using Series = std::vector<std::span<const double>>;

bool IsDefined(std::span<const double> runs) {
  return std::any_of(runs.begin(), runs.end(),
                     [](double value) { return !std::isnan(value); });
}

// Of the chosen items in order; an empty entry where nothing was measured or
// no run is defined.
Series SeriesOf(const ProtocolResult& result, const MethodResult& method,
                const std::string& name, const ItemFilter& chosen) {
  Series series;
  for (size_t i = 0; i < result.items.size(); ++i) {
    if (chosen && !chosen(result.items[i])) continue;
    series.emplace_back();
    const auto found = method.measurements[i].find(name);
    if (found != method.measurements[i].end() && IsDefined(found->second)) {
      series.back() = found->second;
    }
  }
  return series;
}

double AtRun(std::span<const double> runs, int run) {
  if (runs.size() == 1) return runs[0];
  return run < static_cast<int>(runs.size()) ? runs[run] : kUndefined;
}

// The column's number of each run over the series of some items; runs in which
// it is not defined are left out.
std::vector<double> RunNumbers(const Column& column, const Series& series,
                               std::span<const int> items) {
  size_t runs = 0;
  for (const int i : items) runs = std::max(runs, series[i].size());
  std::vector<double> numbers, values;
  values.reserve(items.size());
  for (int run = 0; run < static_cast<int>(runs); ++run) {
    values.clear();
    for (const int i : items) {
      const double value = AtRun(series[i], run);
      if (!std::isnan(value)) values.push_back(value);
    }
    if (values.empty()) continue;
    const double number = column.summarize(values);
    if (!std::isnan(number)) numbers.push_back(number);
  }
  return numbers;
}

// The defined values of each run in ascending order, with the position of their
// item: columns that sort (medians, areas) are much faster on values that come
// sorted, and a bootstrap asks for a thousand of them.
class SortedRuns {
 public:
  SortedRuns(const Series& series, std::span<const int> items) {
    size_t runs = 0;
    for (const int i : items) runs = std::max(runs, series[i].size());
    runs_.resize(runs);
    for (size_t run = 0; run < runs; ++run) {
      for (size_t k = 0; k < items.size(); ++k) {
        const double value = AtRun(series[items[k]], static_cast<int>(run));
        if (!std::isnan(value)) runs_[run].emplace_back(value, k);
      }
      std::sort(runs_[run].begin(), runs_[run].end());
    }
  }

  // Mean over the runs of the column's number, each item taken `times` times.
  double Mean(const Column& column, std::span<const int> times) const {
    std::vector<double> values;
    double sum = 0;
    int defined = 0;
    for (const auto& run : runs_) {
      values.clear();
      for (const auto& [value, position] : run) {
        values.insert(values.end(), times[position], value);
      }
      if (values.empty()) continue;
      const double number = column.summarize(values);
      if (std::isnan(number)) continue;
      sum += number;
      ++defined;
    }
    return sum / defined;
  }

 private:
  std::vector<std::vector<std::pair<double, size_t>>> runs_;
};

// Not a number for none.
double MeanOf(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(values.size());
}

// Two infinities of one sign differ by 0.
double Minus(double a, double b) { return a == b ? 0 : a - b; }

double Spread(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = MeanOf(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  const double spread = std::sqrt(sum / static_cast<double>(values.size() - 1));
  return std::isfinite(spread) ? spread : 0;
}

}  // namespace

ProtocolResult RunProtocol(
    const Protocol& protocol,
    const std::vector<std::unique_ptr<FeatureSource>>& sources,
    const RunOptions& options) {
  ProtocolResult result;
  result.protocol = protocol.Name();
  result.settings = protocol.Settings();
  result.items = protocol.Items();
  result.columns = protocol.Columns();

  std::vector<std::unique_ptr<FeatureSource>> unshifted;
  std::vector<std::vector<Measured>> groups;  // the forms of each source
  size_t forms = 0;
  for (const auto& source : sources) {
    groups.push_back({{source.get(), {}}});
    if (HasSiftShift(*source)) {
      unshifted.push_back(UndoSiftShift(*source));
      groups.back().push_back({unshifted.back().get(), {}});
    }
    forms += groups.back().size();
  }

  Runner runner(protocol, options,
                static_cast<int>(forms * result.items.size()));
  const std::vector<Variant> variants = protocol.Variants();
  std::vector<const FeatureSource*> source_of_method;
  for (std::vector<Measured>& group : groups) {
    for (const Item& item : result.items) {
      for (Measured& measured : group) runner.Measure(item, measured);
    }
    for (const Measured& measured : group) {
      AddMethods(measured, variants, result);
      source_of_method.resize(result.methods.size(), measured.source);
    }
  }
  if (options.pictures > 0) {
    DrawWorst(protocol, source_of_method, options.pictures, runner, result);
  }
  runner.Show("");
  result.plots = protocol.Plots(result);
  result.notes = protocol.Notes(result);
  return result;
}

Cell Summarize(const ProtocolResult& result, const MethodResult& method,
               const Column& column, const ItemFilter& chosen) {
  const Series series = SeriesOf(result, method, column.series, chosen);
  std::vector<int> items;
  for (size_t i = 0; i < series.size(); ++i) {
    if (!series[i].empty()) items.push_back(static_cast<int>(i));
  }
  const std::vector<double> numbers = RunNumbers(column, series, items);
  Cell cell;
  cell.runs = static_cast<int>(numbers.size());
  cell.items = static_cast<int>(items.size());
  if (numbers.empty()) return cell;
  cell.value = MeanOf(numbers);
  cell.spread = Spread(numbers);
  return cell;
}

Interval Compare(const ProtocolResult& result, const MethodResult& method,
                 const MethodResult& baseline, const Column& column,
                 const ItemFilter& chosen, uint64_t seed) {
  const Series ours = SeriesOf(result, method, column.series, chosen);
  const Series theirs = SeriesOf(result, baseline, column.series, chosen);
  std::vector<int> items;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (!ours[i].empty() && !theirs[i].empty()) {
      items.push_back(static_cast<int>(i));
    }
  }
  const double estimate = Minus(MeanOf(RunNumbers(column, ours, items)),
                                MeanOf(RunNumbers(column, theirs, items)));
  if (!std::isfinite(estimate)) return {kUndefined, kUndefined, kUndefined};
  if (items.size() < 2) return {estimate, kUndefined, kUndefined};

  const SortedRuns our_runs(ours, items), their_runs(theirs, items);
  std::vector<int> times(items.size());
  const auto difference = [&](std::span<const int> drawn) {
    std::fill(times.begin(), times.end(), 0);
    for (const int k : drawn) ++times[k];
    const double value =
        Minus(our_runs.Mean(column, times), their_runs.Mean(column, times));
    // A draw in which the column is not defined says nothing.
    return std::isnan(value) ? estimate : value;
  };
  Interval interval =
      Bootstrap(static_cast<int>(items.size()), difference, seed);
  interval.estimate = estimate;  // to the last digit that of the cells
  return interval;
}

std::vector<std::string> SetsOf(const ProtocolResult& result) {
  std::vector<std::string> sets;
  for (const Item& item : result.items) {
    if (std::find(sets.begin(), sets.end(), item.set) == sets.end()) {
      sets.push_back(item.set);
    }
  }
  return sets;
}

}  // namespace tiepoint
