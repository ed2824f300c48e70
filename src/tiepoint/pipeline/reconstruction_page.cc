// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/pipeline/reconstruction_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "tiepoint/pipeline/valid_utf8.h"
#include "tiepoint/report/page_style.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {
namespace {

constexpr size_t kMaxListedPairs = 3000;

// Every text of others passes through here.
std::string Safe(const std::string& text) {
  return EscapeHtml(ValidUtf8(text));
}

// Columns of words stand at the left, those of numbers at the right.
struct Column {
  const char* title;
  bool words = false;
};

std::string Head(const std::vector<Column>& columns) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const Column& column : columns) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>",
                        column.words ? " class=\"words\"" : "", column.title);
  }
  return html + "</tr></thead><tbody>\n";
}

constexpr const char* kTableEnd = "</tbody></table></div>\n";

std::string Card(const std::string& title, const std::string& about,
                 const std::string& value) {
  return fmt::format(
      "<div class=\"card\"><h3>{}</h3><p class=\"soft\">{}</p>"
      "<p class=\"number\">{}</p></div>\n",
      title, about, value);
}

std::string Overview(const ReconstructionPage& page) {
  std::string html = "<div class=\"cards numbers\">\n";
  const size_t photographs = page.photographs.size();
  if (page.models.empty()) {
    html += Card("Photographs", "no model was made",
                 fmt::format("{}", photographs));
    return html + "</div>\n";
  }
  const ModelStatistics& s = page.models[0].statistics;
  html += Card("Photographs", "with a pose in the largest model",
               fmt::format("{} of {}", s.registered, photographs));
  html += Card("Points", "in space", fmt::format("{}", s.points));
  html += Card("Reprojection error", "mean over the points, pixels",
               fmt::format("{:.3f}", s.reprojection_error));
  html += Card("Track length", "observations a point, mean",
               fmt::format("{:.2f}", s.track_length));
  return html + "</div>\n";
}

std::string Notes(const ReconstructionPage& page) {
  if (page.notes.empty()) return "";
  std::string html = "<ul class=\"notes\">\n";
  for (const std::string& note : page.notes) {
    html += "<li>" + Safe(note) + "</li>\n";
  }
  return html + "</ul>\n";
}

std::string Models(const ReconstructionPage& page) {
  if (page.models.empty()) return "";
  std::string html = "<section id=\"models\"><h2>Models</h2>\n" +
                     Head({{"folder"},
                           {"photographs"},
                           {"points"},
                           {"observations"},
                           {"track length"},
                           {"reprojection error, px"}});
  for (const ReconstructedModel& model : page.models) {
    const ModelStatistics& s = model.statistics;
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{:.2f}</td>"
        "<td>{:.3f}</td></tr>\n",
        Safe(model.folder), s.registered, s.points, s.observations,
        s.track_length, s.reprojection_error);
  }
  return html + kTableEnd + "</section>\n";
}

std::string Photographs(const ReconstructionPage& page) {
  std::string html = "<section id=\"photographs\"><h2>Photographs</h2>\n" +
                     Head({{"name"},
                           {"registered", true},
                           {"size"},
                           {"camera", true},
                           {"keypoints"},
                           {"pairs"},
                           {"points seen"}});
  for (const ReconstructedPhotograph& p : page.photographs) {
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td>"
        "<td>{} &times; {}</td><td class=\"words\">{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td></tr>\n",
        Safe(p.name), p.registered ? "yes" : "<span class=\"none\">no</span>",
        p.width, p.height, Safe(p.camera), p.keypoints, p.pairs,
        p.observations);
  }
  return html + kTableEnd + "</section>\n";
}

std::string Pairs(const ReconstructionPage& page) {
  std::vector<const ReconstructedPair*> order;
  for (const ReconstructedPair& pair : page.pairs) order.push_back(&pair);
  std::stable_sort(
      order.begin(), order.end(),
      [](const auto* a, const auto* b) { return a->inliers > b->inliers; });
  const size_t with_geometry = static_cast<size_t>(
      std::count_if(order.begin(), order.end(),
                    [](const auto* pair) { return pair->inliers > 0; }));
  std::string about = fmt::format("{} matched, {} with a geometry",
                                  order.size(), with_geometry);
  if (order.size() > kMaxListedPairs) {
    order.resize(kMaxListedPairs);
    about += fmt::format("; the best {} are listed", kMaxListedPairs);
  }
  std::string html = "<section id=\"pairs\"><h2>Pairs <small>" + about +
                     "</small></h2>\n" +
                     Head({{"first"},
                           {"second", true},
                           {"geometry", true},
                           {"matches"},
                           {"inliers"}});
  for (const ReconstructedPair* pair : order) {
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td>"
        "<td class=\"words\">{}</td><td>{}</td><td>{}</td></tr>\n",
        Safe(page.photographs[pair->first].name),
        Safe(page.photographs[pair->second].name), Name(pair->configuration),
        pair->matches, pair->inliers);
  }
  return html + kTableEnd + "</section>\n";
}

std::string Settings(const ReconstructionPage& page) {
  std::string html =
      "<section id=\"settings\"><h2>Settings</h2>\n"
      "<table class=\"settings\"><tbody>\n";
  for (const auto& [name, value] : page.settings) {
    html +=
        "<tr><th>" + Safe(name) + "</th><td>" + Safe(value) + "</td></tr>\n";
  }
  return html + "</tbody></table></section>\n";
}

}  // namespace

const char* Name(ColmapConfiguration configuration) {
  switch (configuration) {
    case ColmapConfiguration::kNotTried:
      return "undefined";
    case ColmapConfiguration::kDegenerate:
      return "none";
    case ColmapConfiguration::kCalibrated:
      return "calibrated";
    case ColmapConfiguration::kUncalibrated:
      return "uncalibrated";
    case ColmapConfiguration::kPlanar:
      return "planar";
    case ColmapConfiguration::kPanoramic:
      return "panoramic";
    case ColmapConfiguration::kPlanarOrPanoramic:
      return "planar or panoramic";
  }
  return "";
}

std::string ReconstructionHtml(const ReconstructionPage& page) {
  const std::string title = Safe(page.title);
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, "
         "initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
         title + "</title>\n<style>" + kPageStyle +
         "</style></head>\n<body><div class=\"layout\">\n<header><h1>" + title +
         "</h1>\n</header>\n" + Overview(page) + Notes(page) + Models(page) +
         Photographs(page) + Pairs(page) + Settings(page) +
         "<footer>Made by Tiepoint " + Safe(page.version) +
         ".</footer>\n</div></body></html>\n";
}

}  // namespace tiepoint
