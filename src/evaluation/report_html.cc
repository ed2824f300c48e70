// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluation/report.h"
#include "evaluation/report_text.h"
#include "tiepoint/base/base64.h"
#include "tiepoint/report/page_style.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {
namespace {

// Every text of others passes through here.
std::string Safe(const std::string& text) {
  return EscapeHtml(ValidUtf8(text));
}

// ----------------------------------------------------------- styles of methods

// One style a label in the whole page, so that a method looks the same in
// every protocol.
class Styles {
 public:
  explicit Styles(const Report& report) {
    for (const ReportSection& section : report.sections) {
      for (const MethodResult& method : section.result.methods) {
        Of(method.label);
      }
    }
  }
  int Of(const std::string& label) {
    const int next = static_cast<int>(styles_.size()) % kSvgStyles;
    return styles_.emplace(label, next).first->second;
  }

 private:
  std::map<std::string, int> styles_;
};

std::string SectionId(size_t index) {
  return "protocol-" + std::to_string(index + 1);
}

// ------------------------------------------------------------- head, contents

std::string Facts(const ReportHead& head) {
  std::string html;
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, Safe(value));
  };
  add("version", head.version);
  add("commit", head.commit);
  add("date", head.date);
  add("machine", head.machine);
  return html.empty() ? "" : "<dl class=\"facts\">" + html + "</dl>\n";
}

std::string Header(const ReportHead& head) {
  std::string html =
      "<header>\n<h1>" + Safe(head.title) + "</h1>\n" + Facts(head);
  if (!head.command.empty()) {
    html += "<pre>" + Safe(head.command) + "</pre>\n";
  }
  return html + "</header>\n";
}

std::string Contents(const Report& report) {
  std::string html = "<nav aria-label=\"Contents\"><ul>\n";
  for (size_t i = 0; i < report.sections.size(); ++i) {
    const ReportSection& section = report.sections[i];
    const std::string id = SectionId(i);
    html += fmt::format("<li><a href=\"#{}\">{}</a><ul>", id,
                        Safe(section.result.protocol));
    const auto add = [&](bool present, const char* part, const char* name) {
      if (!present) return;
      html += fmt::format("<li><a href=\"#{}-{}\">{}</a></li>", id, part, name);
    };
    add(true, "tables", "Tables");
    add(!section.result.plots.empty(), "curves", "Curves");
    add(section.result.methods.size() > 1, "differences", "Differences");
    add(!section.result.pictures.empty(), "pictures", "Hardest items");
    html += "</ul></li>\n";
  }
  return html + "</ul></nav>\n";
}

// ------------------------------------------------------------------- overview

std::string Bars(const ReportSection& section, size_t column, Styles& styles) {
  const ReportTable& table = section.tables[0];
  const ProtocolResult& result = section.result;
  double largest = 0;
  for (const auto& row : table.cells) {
    if (std::isfinite(row[column].value)) {
      largest = std::max(largest, row[column].value);
    }
  }
  std::string html;
  for (size_t m = 0; m < result.methods.size(); ++m) {
    const double value = table.cells[m][column].value;
    double share = largest > 0 ? std::clamp(value / largest, 0.0, 1.0) : 0;
    if (std::isnan(value)) share = 0;
    const std::string label = Safe(result.methods[m].label);
    html += fmt::format(
        "<div class=\"bar{}\"><span class=\"name\" title=\"{}\">{}</span>"
        "<div class=\"track\"><div class=\"fill {}\" style=\"width:{:.1f}%\">"
        "</div></div><span class=\"value\">{}</span></div>\n",
        IsBest(table, m, column, result) ? " best" : "", label, label,
        ColourClass(styles.Of(result.methods[m].label)), 100 * share,
        NumberText(value, result.columns[column].decimals));
  }
  return html;
}

std::string Overview(const Report& report, Styles& styles) {
  std::string html = "<div class=\"cards\">\n";
  for (size_t i = 0; i < report.sections.size(); ++i) {
    const ReportSection& section = report.sections[i];
    const std::vector<size_t> main = MainColumns(section.result, 1);
    if (main.empty()) continue;
    const Column& column = section.result.columns[main[0]];
    html += fmt::format(
        "<div class=\"card\"><h3><a href=\"#{}\">{}</a></h3>\n"
        "<p class=\"soft\" title=\"{}\">{}{}, {}</p>\n",
        SectionId(i), Safe(section.result.protocol), Safe(column.meaning),
        Safe(column.title),
        column.smaller_is_better ? " (smaller is better)" : "",
        Counted(section.result.items.size(), "item"));
    html += Bars(section, main[0], styles) + "</div>\n";
  }
  return html + "</div>\n";
}

// ------------------------------------------------------------------- settings

std::string SettingsTable(const Json& settings) {
  std::string html = "<table class=\"settings\"><tbody>\n";
  for (const auto& [name, value] : FlatSettings(settings)) {
    html +=
        "<tr><th>" + Safe(name) + "</th><td>" + Safe(value) + "</td></tr>\n";
  }
  return html + "</tbody></table>\n";
}

std::string Details(const std::string& summary, const std::string& inside) {
  return "<details><summary>" + summary + "</summary>\n" + inside +
         "</details>\n";
}

std::string Settings(const ProtocolResult& result) {
  std::string inside = SettingsTable(result.settings);
  for (const MethodResult& method : result.methods) {
    inside += Details(Safe(method.label), SettingsTable(method.settings));
  }
  return Details("Settings", inside);
}

std::string Meanings(const ProtocolResult& result) {
  std::string inside = "<dl class=\"meanings\">\n";
  for (const Column& column : result.columns) {
    inside += fmt::format(
        "<dt>{}</dt><dd>{}{}</dd>\n", Safe(column.title), Safe(column.meaning),
        column.smaller_is_better ? " Smaller is better." : "");
  }
  return Details("What the columns mean", inside + "</dl>\n");
}

std::string Notes(const ProtocolResult& result) {
  if (result.notes.empty()) return "";
  std::string html = "<ul class=\"notes\">\n";
  for (const std::string& note : result.notes) {
    html += "<li>" + Safe(note) + "</li>\n";
  }
  return html + "</ul>\n";
}

std::string Listings(const ProtocolResult& result) {
  std::string html;
  for (const std::string& listing : result.listings) {
    html += "<pre class=\"listing\">" + Safe(listing) + "</pre>\n";
  }
  return html;
}

// --------------------------------------------------------------------- tables

std::string TableHead(const ProtocolResult& result) {
  std::string html = "<thead><tr><th>method</th>";
  for (const Column& column : result.columns) {
    html += fmt::format(
        "<th title=\"{}\">{}{}</th>", Safe(column.meaning), Safe(column.title),
        column.smaller_is_better ? " <span class=\"arrow\">&darr;</span>" : "");
  }
  return html + "</tr></thead>\n";
}

std::string CellHtml(const Cell& cell, const Column& column, int items,
                     bool best) {
  if (std::isnan(cell.value)) {
    return "<td><span class=\"none\">&ndash;</span></td>";
  }
  std::string about = fmt::format("{} of {}", cell.items,
                                  Counted(static_cast<size_t>(items), "item"));
  std::string spread;
  if (cell.runs > 1) {
    about += ", mean and standard deviation of " +
             Counted(static_cast<size_t>(cell.runs), "run");
    spread = "<span class=\"spread\">&plusmn;" +
             NumberText(cell.spread, column.decimals) + "</span>";
  }
  const std::string number = std::isinf(cell.value)
                                 ? (cell.value > 0 ? "&infin;" : "-&infin;")
                                 : NumberText(cell.value, column.decimals);
  return fmt::format("<td{} title=\"{}\">{}{}</td>",
                     best ? " class=\"best\"" : "", about, number, spread);
}

std::string TableHtml(const ReportTable& table, const ProtocolResult& result,
                      Styles& styles) {
  std::string html = fmt::format(
      "<h3>{}<small>{}</small></h3>\n<div class=\"scroll\"><table>\n{}<tbody>",
      Safe(TableTitle(table, result)),
      Counted(static_cast<size_t>(table.items), "item"), TableHead(result));
  for (size_t m = 0; m < result.methods.size(); ++m) {
    const std::string& label = result.methods[m].label;
    html += "<tr><th>" + SvgKey(styles.Of(label)) + Safe(label) + "</th>";
    for (size_t c = 0; c < result.columns.size(); ++c) {
      html += CellHtml(table.cells[m][c], result.columns[c], table.items,
                       IsBest(table, m, c, result));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

// ----------------------------------------------------- curves and differences

std::string Curves(const ReportSection& section, const std::string& id,
                   Styles& styles) {
  if (section.result.plots.empty()) return "";
  std::string html =
      "<h3 id=\"" + id + "-curves\">Curves</h3>\n<div class=\"figures\">\n";
  for (Plot plot : section.result.plots) {
    std::vector<int> of_curve;
    for (Curve& curve : plot.curves) {
      of_curve.push_back(styles.Of(curve.label));
      curve.label = ValidUtf8(curve.label);
    }
    html += "<figure><figcaption>" + Safe(plot.title) + "</figcaption>\n" +
            SvgPlot(plot, of_curve) + "\n</figure>\n";
  }
  return html + "</div>\n";
}

std::string Forest(const ReportSection& section, size_t index) {
  const ProtocolResult& result = section.result;
  const Column& column = result.columns[index];
  std::vector<ForestRow> rows;
  for (size_t m = 0; m < result.methods.size(); ++m) {
    if (static_cast<int>(m) == section.baseline) continue;
    const Interval& interval = section.tables[0].differences[m][index];
    rows.push_back({ValidUtf8(result.methods[m].label), interval.estimate,
                    interval.low, interval.high, IntervalText(interval, column),
                    std::string(Name(Judge(interval, column)))});
  }
  return fmt::format("<figure><figcaption>{}</figcaption>\n{}\n</figure>\n",
                     Safe(column.title),
                     SvgForest(rows, column.smaller_is_better));
}

std::string Differences(const ReportSection& section, const std::string& id) {
  const ProtocolResult& result = section.result;
  if (result.methods.size() < 2) return "";
  std::string shown, others;
  const std::vector<size_t> main = MainColumns(result);
  for (size_t c = 0; c < result.columns.size(); ++c) {
    const bool is_main = std::find(main.begin(), main.end(), c) != main.end();
    (is_main ? shown : others) += Forest(section, c);
  }
  std::string html = fmt::format(
      "<h3 id=\"{}-differences\">Differences from {}</h3>\n"
      "<p class=\"soft\">Method minus {} with its 95&nbsp;% interval, all sets "
      "together: items are drawn anew with replacement, the same ones for both "
      "methods. Filled: the interval leaves out 0.</p>\n"
      "<div class=\"figures\">\n{}</div>\n",
      id, Safe(result.methods[section.baseline].label),
      Safe(result.methods[section.baseline].label), shown);
  if (!others.empty()) {
    html += Details("The other columns",
                    "<div class=\"figures\">\n" + others + "</div>\n");
  }
  return html;
}

std::string Pictures(const ProtocolResult& result, const std::string& id) {
  if (result.pictures.empty()) return "";
  std::string html = "<h3 id=\"" + id +
                     "-pictures\">Hardest items</h3>\n"
                     "<div class=\"pictures\">\n";
  for (const ProtocolResult::Picture& picture : result.pictures) {
    const std::string caption = Safe(picture.caption);
    html += fmt::format(
        "<figure><img alt=\"{0}\" src=\"data:image/jpeg;base64,{1}\">"
        "<figcaption>{0}</figcaption></figure>\n",
        caption, EncodeBase64(picture.jpeg));
  }
  return html + "</div>\n";
}

std::string SectionHtml(const ReportSection& section, const std::string& id,
                        Styles& styles) {
  const ProtocolResult& result = section.result;
  std::string html =
      fmt::format("<section id=\"{}\">\n<h2>{}<small>{}, {}</small></h2>\n", id,
                  Safe(result.protocol), Counted(result.items.size(), "item"),
                  Counted(result.methods.size(), "method"));
  html += Settings(result) + Notes(result);
  html += "<div id=\"" + id + "-tables\">\n";
  for (const ReportTable& table : section.tables) {
    html += TableHtml(table, result, styles);
  }
  html += "</div>\n" + Meanings(result) + Listings(result);
  html += Curves(section, id, styles) + Differences(section, id) +
          Pictures(result, id);
  return html + "</section>\n";
}

}  // namespace

std::string HtmlReport(const Report& report) {
  Styles styles(report);
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>" +
      Safe(report.head.title) + "</title>\n<style>" + kPageStyle +
      "</style>\n</head>\n<body>\n<div class=\"layout\">\n" +
      Header(report.head) + "<div class=\"columns\">\n" + Contents(report) +
      "<main>\n";
  if (report.sections.size() > 1) html += Overview(report, styles);
  for (size_t i = 0; i < report.sections.size(); ++i) {
    html += SectionHtml(report.sections[i], SectionId(i), styles);
  }
  return html +
         "</main>\n</div>\n<footer>Made by Tiepoint. Bold: the best of its "
         "column. A dash: not defined here. Numbers and their meanings appear "
         "when they are pointed at.</footer>\n</div>\n</body>\n</html>\n";
}

}  // namespace tiepoint
