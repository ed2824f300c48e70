// SPDX-License-Identifier: Apache-2.0
#include "evaluate_run.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "command.h"
#include "evaluate_check.h"
#include "evaluate_protocols.h"
#include "evaluation/features.h"
#include "evaluation/report.h"
#include "evaluation/run.h"
#include "evaluation_record.h"
#include "progress_line.h"
#include "tiepoint/base/error.h"

using namespace tiepoint;

namespace {

std::vector<std::unique_ptr<FeatureSource>> MakeSources(
    const EvaluateArguments& arguments, bool keypoints_only) {
  FeatureSourceOptions options;
  options.extractor = arguments.extractor;
  options.cache = arguments.no_cache ? "" : arguments.cache;
  options.keypoints_only = keypoints_only;
  options.version = TIEPOINT_VERSION;
  std::vector<std::string> names = arguments.presets;
  for (const std::string& file : arguments.features) {
    const size_t equals = file.find('=');
    names.push_back(equals == std::string::npos
                        ? "external:" + file
                        : file.substr(0, equals) +
                              "=external:" + file.substr(equals + 1));
  }
  std::vector<std::unique_ptr<FeatureSource>> sources;
  for (const std::string& name : names) {
    if (name.empty()) continue;  // --presets ""
    sources.push_back(MakeFeatureSource(name, options));
  }
  if (sources.empty()) {
    throw InputError("nothing to evaluate: give --presets or --features");
  }
  return sources;
}

}  // namespace

int RunEvaluation(const EvaluateArguments& arguments, const std::string& name) {
  ApplyCommonOptions(arguments.common);
  CheckWritable(arguments.files);
  const bool all = name == "all";
  const auto protocols = MakeProtocols(arguments, name);
  const auto sources = MakeSources(arguments, name == "repeatability");
  const ReportOptions report_options{arguments.baseline, arguments.common.seed};
  const bool quiet = arguments.common.quiet;

  Report report;
  for (const auto& protocol : protocols) {
    const ProgressLine line(quiet);
    RunOptions options;
    options.cache = arguments.no_cache ? "" : arguments.cache;
    options.pictures = arguments.files.html.empty() ? 0 : arguments.pictures;
    options.progress = [&](int done, int total, const std::string& what) {
      line.Count(done, total, protocol->Name() + ": " + what);
    };
    report.sections.push_back(MakeReportSection(
        RunProtocol(*protocol, sources, options), report_options));
    if (quiet) continue;
    line.Show("");
    fmt::print("{}\n", TextTable(report.sections.back()));
    std::fflush(stdout);
  }

  bool reached = true;
  if (arguments.check) {
    const ProtocolResult& result = report.sections.front().result;
    reached = name == "matching" ? CheckMatching(result, quiet)
                                 : CheckRotation(result, quiet);
  }
  report.head = MakeReportHead(all ? "Tiepoint evaluation"
                                   : "Tiepoint evaluation: " + name);
  for (const std::string& path : WriteEvaluation(report, arguments.files)) {
    if (!quiet) fmt::print("written  {}\n", path);
  }
  return reached ? kExitAnswer : kExitNoAnswer;
}
