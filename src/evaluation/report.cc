// SPDX-License-Identifier: Apache-2.0
#include "evaluation/report.h"

#include <algorithm>
#include <utility>

#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

int BaselineOf(const ProtocolResult& result, const std::string& wanted) {
  const auto find = [&](const auto& accepts) {
    const auto found = std::find_if(
        result.methods.begin(), result.methods.end(),
        [&](const MethodResult& method) { return accepts(method.label); });
    return found == result.methods.end()
               ? -1
               : static_cast<int>(found - result.methods.begin());
  };
  const std::string usual = "rootsift";
  int index = find([&](const std::string& label) { return label == wanted; });
  if (index < 0)
    index = find([&](const auto& label) { return label == usual; });
  if (index < 0) {
    index = find([&](const auto& label) { return label.starts_with(usual); });
  }
  return std::max(index, 0);
}

ReportTable MakeTable(const ProtocolResult& result, int baseline,
                      const std::string& set, const ItemFilter& chosen,
                      uint64_t seed) {
  const size_t methods = result.methods.size();
  const size_t columns = result.columns.size();
  ReportTable table;
  table.set = set;
  table.items = static_cast<int>(
      chosen ? std::count_if(result.items.begin(), result.items.end(), chosen)
             : result.items.size());
  table.cells.assign(methods, std::vector<Cell>(columns));
  table.differences.assign(
      methods,
      std::vector<Interval>(columns, {kUndefined, kUndefined, kUndefined}));
  ParallelFor(static_cast<int>(methods * columns), [&](int index) {
    const size_t m = index / columns;
    const size_t c = index % columns;
    const Column& column = result.columns[c];
    const MethodResult& method = result.methods[m];
    table.cells[m][c] = Summarize(result, method, column, chosen);
    if (static_cast<int>(m) == baseline) return;
    table.differences[m][c] =
        Compare(result, method, result.methods[baseline], column, chosen, seed);
  });
  return table;
}

}  // namespace

ReportSection MakeReportSection(ProtocolResult result,
                                const ReportOptions& options) {
  ReportSection section;
  section.result = std::move(result);
  const ProtocolResult& kept = section.result;
  section.baseline = BaselineOf(kept, options.baseline);
  section.tables.push_back(
      MakeTable(kept, section.baseline, "", nullptr, options.seed));
  const std::vector<std::string> sets = SetsOf(kept);
  if (sets.size() < 2) return section;
  for (const std::string& set : sets) {
    section.tables.push_back(MakeTable(
        kept, section.baseline, set,
        [&](const Item& item) { return item.set == set; }, options.seed));
  }
  return section;
}

Report MakeReport(ReportHead head, std::vector<ProtocolResult> results,
                  const ReportOptions& options) {
  Report report;
  report.head = std::move(head);
  for (ProtocolResult& result : results) {
    report.sections.push_back(MakeReportSection(std::move(result), options));
  }
  return report;
}

}  // namespace tiepoint
