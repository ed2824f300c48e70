// SPDX-License-Identifier: Apache-2.0
#include "training/curve_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tiepoint/report/page_style.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {
namespace {

// More do not fit a screen.
constexpr size_t kMaxPoints = 300;

std::string Short(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string Duration(double seconds) {
  const long minutes = std::lround(seconds / 60);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) +
         " min";
}

std::string Fact(const std::string& name, const std::string& value) {
  return "<div><dt>" + name + "</dt><dd>" + EscapeHtml(value) + "</dd></div>\n";
}

int Iterations(const TrainingProgress& p) {
  return p.config.value("iterations", p.iteration);
}

std::string StateText(const TrainingProgress& p) {
  switch (p.state) {
    case TrainingProgress::kFinished:
      return "finished";
    case TrainingProgress::kStopped:
      return "stopped; the same command goes on";
    case TrainingProgress::kRunning:
      break;
  }
  if (p.seconds_a_step <= 0) return "running";
  return "running, " +
         Duration(p.seconds_a_step * (Iterations(p) - p.iteration)) + " left";
}

std::string BestText(const TrainingProgress& p) {
  if (p.best_iteration == 0) return "not validated yet";
  return p.deciding + " " + Short(p.best_value) + " at step " +
         std::to_string(p.best_iteration) +
         (p.smaller_is_better ? " (smaller is better)" : "");
}

std::string Facts(const TrainingProgress& p) {
  std::string html =
      "<dl class=\"facts\">\n" + Fact("state", StateText(p)) +
      Fact("best", BestText(p)) +
      Fact("seed", p.config.value("seed", nlohmann::json(0)).dump()) +
      Fact("device", p.device);
  if (p.seconds_a_step > 0) {
    html += Fact("speed", Short(p.seconds_a_step) + " s a step");
  }
  return html + "</dl>\n";
}

std::string ProgressBar(const TrainingProgress& p) {
  const int iterations = Iterations(p);
  const double percent = 100.0 * p.iteration / std::max(iterations, 1);
  return "<div class=\"bar\"><span class=\"name\">steps</span>"
         "<div class=\"track\"><div class=\"fill s0\" style=\"width:" +
         Short(percent) + "%\"></div></div><span class=\"value\">" +
         std::to_string(p.iteration) + " of " + std::to_string(iterations) +
         "</span></div>\n";
}

// The loss, what decides, and the rest by name.
std::vector<std::string> Names(const TrainingProgress& p) {
  std::vector<std::string> names = {"loss", p.deciding};
  for (const CurvePoint& point : p.history) {
    for (const auto& [name, value] : point.values) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  std::sort(names.begin() + 2, names.end());
  return names;
}

Curve CurveOf(const std::string& name, const TrainingProgress& p) {
  Curve curve;
  curve.label = name;
  for (const CurvePoint& point : p.history) {
    const auto found = point.values.find(name);
    if (found == point.values.end()) continue;
    curve.x.push_back(point.iteration);
    curve.y.push_back(found->second);
  }
  return curve;
}

// Means of as many neighbours as it takes.
std::vector<double> Averaged(const std::vector<double>& values) {
  const size_t group = (values.size() + kMaxPoints - 1) / kMaxPoints;
  if (group < 2) return values;
  std::vector<double> means;
  for (size_t i = 0; i < values.size(); i += group) {
    const size_t count = std::min(group, values.size() - i);
    double sum = 0;
    for (size_t k = 0; k < count; ++k) sum += values[i + k];
    means.push_back(sum / static_cast<double>(count));
  }
  return means;
}

std::string Figure(const std::string& name, const TrainingProgress& p,
                   int style) {
  Curve curve = CurveOf(name, p);
  if (curve.x.empty()) return "";
  curve.x = Averaged(curve.x);
  curve.y = Averaged(curve.y);
  std::string caption = EscapeHtml(name);
  if (name == p.deciding) {
    caption += std::string(" <small>decides; ") +
               (p.smaller_is_better ? "smaller" : "larger") +
               " is better</small>";
  }
  const Plot plot = {name, "step", name, {curve}};
  return "<figure><figcaption>" + caption + "</figcaption>\n" +
         SvgPlot(plot, {style}) + "\n</figure>\n";
}

std::string Figures(const TrainingProgress& p) {
  if (p.history.empty()) {
    return "<p class=\"soft\">No report yet.</p>\n";
  }
  std::string html = "<div class=\"figures\">\n";
  int style = 0;
  for (const std::string& name : Names(p)) html += Figure(name, p, style++);
  return html + "</div>\n";
}

}  // namespace

std::string CurvePage(const TrainingProgress& p) {
  const std::string title =
      EscapeHtml("Training: " + p.config.value("kind", std::string()));
  const std::string refresh =
      p.state == TrainingProgress::kRunning
          ? "<meta http-equiv=\"refresh\" content=\"20\">\n"
          : "";
  // Names of files need not be UTF-8.
  const std::string config =
      p.config.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
         "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\">\n" +
         refresh + "<title>" + title + "</title>\n<style>" + kPageStyle +
         "</style>\n</head>\n<body>\n<div class=\"layout\">\n<header>\n<h1>" +
         title + "</h1>\n" + Facts(p) + "</header>\n<main>\n<section>\n" +
         ProgressBar(p) + Figures(p) +
         "</section>\n<section>\n<h2>Configuration</h2>\n<p class=\"soft\">As "
         "a file it repeats this training: --config FILE.</p>\n<pre>" +
         EscapeHtml(config) +
         "</pre>\n</section>\n</main>\n<footer>Made by Tiepoint. Numbers "
         "appear "
         "where curves are pointed at.</footer>\n</div>\n</body>\n</html>\n";
}

}  // namespace tiepoint
