// SPDX-License-Identifier: Apache-2.0
#include "bench_record.h"

#include <fmt/format.h>

#include <fstream>
#include <map>

#include "tiepoint/base/error.h"

namespace {

using Json = nlohmann::ordered_json;
using tiepoint::InputError;

std::string OrDash(double value, const char* format) {
  return value > 0 ? fmt::format(fmt::runtime(format), value) : "-";
}

Json ReadBench(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  Json json = Json::parse(file, nullptr, false);
  if (!json.is_object() || json.value("command", "") != "bench" ||
      !json.contains("stages") || !json["stages"].is_array()) {
    throw InputError(path + ": is not what tiepoint bench --json writes");
  }
  return json;
}

// What can be compared between runs: relative to the baseline of the same run
// where there is one.
struct Relative {
  double value = 0;
  std::string unit;
};

std::map<std::string, Relative> Values(const Json& bench) {
  std::map<std::string, Relative> values;
  for (const Json& stage : bench["stages"]) {
    const double cpu = stage.value("cpu", 0.0);
    const double baseline = stage.value("baseline_cpu", 0.0);
    values[stage.value("size", "") + " " + stage.value("stage", "")] =
        baseline > 0 ? Relative{cpu / baseline, stage.value("baseline", "")}
                     : Relative{cpu, "seconds"};
  }
  return values;
}

}  // namespace

std::string TableHead() {
  return fmt::format("{:>11}  {:<10}{:>9}{:>9}  {:<22}{:>9}{:>9}\n", "size",
                     "stage", "seconds", "cpu", "cpu / baseline", "GFLOP/s",
                     "of peak");
}

std::string TableLine(const StageRecord& r) {
  const double rate = r.cpu > 0 ? r.operations / r.cpu : 0;
  return fmt::format(
      "{:>11}  {:<10}{:>9.4f}{:>9.4f}  {:<22}{:>9}{:>9}\n", r.size, r.stage,
      r.seconds, r.cpu,
      r.baseline_cpu > 0
          ? fmt::format("{:.3f} {}", r.cpu / r.baseline_cpu, r.baseline)
          : "",
      OrDash(1e-9 * rate, "{:.1f}"),
      OrDash(r.peak > 0 ? 100 * rate / r.peak : 0, "{:.0f} %"));
}

Json ToJson(const MachinePeaks& peaks) {
  return {{"processor", peaks.processor}, {"threads", peaks.threads},
          {"f32_gflops", peaks.f32},      {"bf16_gflops", peaks.bf16},
          {"int8_gflops", peaks.int8},    {"memory_gb_per_s", peaks.memory}};
}

Json ToJson(const StageRecord& r) {
  Json json = {{"size", r.size},
               {"stage", r.stage},
               {"seconds", r.seconds},
               {"cpu", r.cpu}};
  if (r.baseline_cpu > 0) {
    json["baseline"] = r.baseline;
    json["baseline_cpu"] = r.baseline_cpu;
    json["cpu_over_baseline"] = r.cpu / r.baseline_cpu;
  }
  if (r.operations > 0 && r.cpu > 0) {
    json["gflops"] = 1e-9 * r.operations / r.cpu;
    if (r.peak > 0) json["of_peak"] = r.operations / r.cpu / r.peak;
  }
  return json;
}

std::string CompareBenches(const std::string& before,
                           const std::string& after) {
  const Json first = ReadBench(before), second = ReadBench(after);
  const auto then = Values(first), now = Values(second);
  std::string table = fmt::format("before: {} {}\nafter:  {} {}\n\n", before,
                                  first.value("version", ""), after,
                                  second.value("version", ""));
  table += fmt::format("{:<24}{:>10}{:>10}{:>15}  {}\n", "size, stage",
                       "before", "after", "after / before", "in");
  int common = 0;
  for (const auto& [name, value] : then) {
    const auto found = now.find(name);
    if (found == now.end() || !(value.value > 0)) continue;
    ++common;
    table += fmt::format("{:<24}{:>10.4f}{:>10.4f}{:>15.3f}  {}\n", name,
                         value.value, found->second.value,
                         found->second.value / value.value, value.unit);
  }
  if (common == 0) {
    throw InputError(before + " and " + after + ": have no stage in common");
  }
  return table;
}
