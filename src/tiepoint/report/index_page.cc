// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/report/index_page.h"

#include "tiepoint/report/page_style.h"
#include "tiepoint/report/svg_plot.h"

namespace tiepoint {
namespace {

// `body` is HTML.
std::string Page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, "
         "initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
         EscapeHtml(title) + "</title>\n<style>" + kPageStyle +
         "</style></head>\n<body><div class=\"layout\">\n<header><h1>" +
         EscapeHtml(title) + "</h1></header>\n<main>\n" + body +
         "</main>\n</div></body></html>\n";
}

std::string Link(const IndexEntry& entry) {
  if (!entry.error.empty()) return EscapeHtml(entry.name);
  return "<a href=\"" + EscapeHtml(entry.address) + "\">" +
         EscapeHtml(entry.name) + "</a>";
}

std::string Table(const IndexSection& section) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string& column : section.columns) {
    html += "<th scope=\"col\">" + EscapeHtml(column) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const IndexEntry& entry : section.entries) {
    html += "<tr><th scope=\"row\">" + Link(entry) + "</th>";
    if (!entry.error.empty()) {
      html += "<td colspan=\"" + std::to_string(section.columns.size() - 1) +
              "\">" + EscapeHtml(entry.error) + "</td>";
    } else {
      for (const std::string& cell : entry.cells) {
        html += "<td>" + EscapeHtml(cell) + "</td>";
      }
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string List(const IndexSection& section) {
  std::string html = "<ul>\n";
  for (const IndexEntry& entry : section.entries) {
    html += "<li>" + Link(entry) +
            (entry.error.empty() ? "" : ": " + EscapeHtml(entry.error)) +
            "</li>\n";
  }
  return html + "</ul>\n";
}

}  // namespace

std::string IndexPage(const std::string& title,
                      const std::vector<IndexSection>& sections) {
  std::string body;
  for (const IndexSection& section : sections) {
    if (section.entries.empty()) continue;
    body += "<section><h2>" + EscapeHtml(section.title);
    if (!section.about.empty()) {
      body += " <small>" + EscapeHtml(section.about) + "</small>";
    }
    body += "</h2>\n" +
            (section.columns.empty() ? List(section) : Table(section)) +
            "</section>\n";
  }
  return Page(title, body);
}

std::string MessagePage(const std::string& title, const std::string& line) {
  return Page(title, "<p>" + EscapeHtml(line) + "</p>\n");
}

}  // namespace tiepoint
