// SPDX-License-Identifier: Apache-2.0
#include "evaluation/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "evaluation/number_json.h"
#include "evaluation/report_text.h"

namespace tiepoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using ::testing::Not;
using ::testing::SizeIs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double MeanOf(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Two methods, two sets, three items, two runs; the worked numbers are in the
// tests.
ProtocolResult Example() {
  ProtocolResult result;
  result.protocol = "pose <test>";
  result.settings = {{"estimator", {{"name", "usac"}, {"threshold", 1.5}}},
                     {"runs", 2}};
  result.items = {{"indoor", "room, \"old\"", "1-2", "a.png", "b.png", 30.0},
                  {"indoor", "room, \"old\"", "1-3", "a.png", "c.png", {}},
                  {"outdoor", "gate", "1-2", "d.png", "e.png", {}}};
  result.columns = {
      {"matches", "matches", "Number of <matches>.", "matches", MeanOf, 0},
      {"error", "error", "Mean error, degrees.", "error", MeanOf, 2, true}};
  const auto measured = [](double matches, double first, double second) {
    return Measurement{{"matches", {matches}}, {"error", {first, second}}};
  };
  result.methods = {
      {"default",
       {{"preset", "default"}},
       {measured(10, 1, 2), measured(20, 2, 3), measured(60, 3, 4)}},
      {"rootsift",
       {{"preset", "rootsift"}},
       {measured(10, 2, 2), measured(20, 4, 4), measured(30, 6, 6)}}};
  result.plots = {{"errors",
                   "threshold",
                   "share",
                   {{"default", {1, 2, 3}, {0.1, 0.4, 0.5}},
                    {"rootsift", {1, 2, 3}, {0.2, 0.3, 0.4}}}}};
  result.pictures = {{"default: the <worst>", "PNG"}};
  result.notes = {"Errors are <small>."};
  return result;
}

ReportHead Head() {
  return {"Evaluation", "0.1.0", "abc", "2026-11-24", "tiepoint evaluate a|b",
          "2 cores"};
}

Report Made(ProtocolResult result) {
  std::vector<ProtocolResult> results;
  results.push_back(std::move(result));
  return MakeReport(Head(), std::move(results), {});
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(MakeReport, HasATableOfAllItemsAndOneASet) {
  const Report report = Made(Example());
  const std::vector<ReportTable>& tables = report.sections[0].tables;
  ASSERT_THAT(tables, SizeIs(3));
  EXPECT_EQ(tables[0].set, "");
  EXPECT_EQ(tables[1].set, "indoor");
  EXPECT_EQ(tables[2].set, "outdoor");
  EXPECT_EQ(tables[0].items, 3);
  EXPECT_EQ(tables[1].items, 2);
  // Errors of "default": runs 2 and 3, of all; 1.5 and 2.5, indoors.
  EXPECT_DOUBLE_EQ(tables[0].cells[0][1].value, 2.5);
  EXPECT_DOUBLE_EQ(tables[0].cells[0][1].spread, std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(tables[1].cells[0][1].value, 2);
  EXPECT_DOUBLE_EQ(tables[2].cells[1][0].value, 30);
}

TEST(MakeReport, ComparesWithRootsiftUnlessToldOtherwise) {
  const Report report = Made(Example());
  EXPECT_EQ(report.sections[0].baseline, 1);
  const ReportTable& all = report.sections[0].tables[0];
  EXPECT_DOUBLE_EQ(all.differences[0][1].estimate, 2.5 - 4);
  EXPECT_LT(all.differences[0][1].high, 0);
  EXPECT_TRUE(std::isnan(all.differences[1][1].estimate));
  ReportOptions options;
  options.baseline = "default";
  EXPECT_EQ(MakeReport({}, {Example()}, options).sections[0].baseline, 0);
}

TEST(MakeReport, HasOneTableForOneSet) {
  ProtocolResult result = Example();
  for (Item& item : result.items) item.set = "only";
  const Report report = Made(result);
  EXPECT_THAT(report.sections[0].tables, SizeIs(1));
  EXPECT_EQ(TableTitle(report.sections[0].tables[0], result), "only");
}

TEST(NumberJson, BringsEveryNumberBack) {
  for (const double value : {0.1, 1e300, -3.0, kInfinity, -kInfinity}) {
    const Json json = Json::parse(NumberJson(value).dump());
    EXPECT_EQ(NumberFromJson(json), value);
  }
  EXPECT_TRUE(std::isnan(NumberFromJson(NumberJson(kUndefined))));
  EXPECT_THROW(NumberFromJson("1"), Json::exception);
}

TEST(ResultJson, HoldsEverything) {
  ProtocolResult result = Example();
  result.methods[0].measurements[2]["error"] = {kUndefined, kInfinity};
  const Json json = Json::parse(ResultJson(Made(result)));
  EXPECT_EQ(json["commit"], "abc");
  const Json& protocol = json["protocols"][0];
  EXPECT_EQ(protocol["settings"]["estimator"]["threshold"], 1.5);
  EXPECT_EQ(protocol["items"][0]["sequence"], "room, \"old\"");
  EXPECT_EQ(protocol["items"][0]["parameter"], 30);
  const Measurement back =
      MeasurementFromJson(protocol["methods"][0]["measurements"][2]);
  EXPECT_THAT(back.at("error"), ElementsAre(IsNan(), kInfinity));
  // Tables first all items, then sets; methods within.
  const Json& summary = protocol["summaries"][3];
  EXPECT_EQ(summary["set"], "indoor");
  EXPECT_EQ(summary["method"], "rootsift");
  EXPECT_EQ(summary["columns"]["matches"]["mean"], 15);
  EXPECT_TRUE(protocol["summaries"][0]["set"].is_null());
  EXPECT_EQ(protocol["summaries"][0]["columns"]["error"]["mean"], "inf");
  const Json& comparison = protocol["comparisons"][0];
  EXPECT_EQ(comparison["method"], "default");
  EXPECT_EQ(comparison["baseline"], "rootsift");
  EXPECT_EQ(comparison["columns"]["matches"]["difference"], 10);
}

TEST(ResultJson, SurvivesPathsThatAreNotUtf8) {
  ProtocolResult result = Example();
  result.items[0].image1 = "\xff.png";
  EXPECT_NO_THROW(Json::parse(ResultJson(Made(result))));
}

TEST(ResultCsv, IsOneRowARun) {
  ProtocolResult result = Example();
  result.methods[0].measurements[0]["error"] = {kUndefined, kInfinity};
  const std::vector<std::string> lines = LinesOf(ResultCsv(Made(result)));
  ASSERT_THAT(lines, SizeIs(1 + 2 * 3 * 3));
  EXPECT_EQ(lines[0],
            "protocol,set,sequence,item,parameter,method,series,run,value");
  EXPECT_EQ(lines[1],
            "pose <test>,indoor,\"room, \"\"old\"\"\",1-2,30,default,error,0,");
  EXPECT_EQ(
      lines[2],
      "pose <test>,indoor,\"room, \"\"old\"\"\",1-2,30,default,error,1,inf");
  EXPECT_EQ(lines[9], "pose <test>,outdoor,gate,1-2,,default,matches,0,60");
}

TEST(TextTable, AlignsItsColumnsAndMarksTheBest) {
  const std::string text = TextTable(Made(Example()).sections[0]);
  EXPECT_THAT(text, HasSubstr("estimator.name usac; estimator.threshold 1.5"));
  EXPECT_THAT(text, HasSubstr("\nindoor (2 items)\n"
                              "          matches        error\n"
                              "default        15   2.00 ±0.71*\n"
                              "rootsift       15   3.00 ±0.00\n"));
  EXPECT_THAT(text, HasSubstr("\nall sets (3 items)\n"
                              "          matches        error\n"
                              "default        30*  2.50 ±0.71*\n"
                              "rootsift       20   4.00 ±0.00\n"));
  EXPECT_THAT(text, HasSubstr("default  error  -1.50 ["));
  EXPECT_THAT(text, HasSubstr("]  better\n"));
}

TEST(TextTable, GoesOnBelowWhenItIsWide) {
  ProtocolResult result = Example();
  const Column column = result.columns[0];
  for (int i = 0; i < 30; ++i) result.columns.push_back(column);
  const std::string text = TextTable(Made(result).sections[0], 100);
  for (const std::string& line : LinesOf(text)) {
    EXPECT_LE(TextWidth(line), 100u) << line;
  }
  EXPECT_EQ(Count(text, "matches"), 3 * 31);
}

TEST(Judge, KnowsWhichSideIsBetter) {
  Column column;
  EXPECT_EQ(Judge({1, 0.5, 2}, column), Verdict::kBetter);
  EXPECT_EQ(Judge({-1, -2, -0.5}, column), Verdict::kWorse);
  EXPECT_EQ(Judge({1, -0.5, 2}, column), Verdict::kOpen);
  EXPECT_EQ(Judge({kUndefined, kUndefined, kUndefined}, column),
            Verdict::kOpen);
  column.smaller_is_better = true;
  EXPECT_EQ(Judge({1, 0.5, 2}, column), Verdict::kWorse);
  EXPECT_EQ(Judge({-1, -2, -0.5}, column), Verdict::kBetter);
}

TEST(MainColumns, AreTheMarkedOnes) {
  ProtocolResult result = Example();
  EXPECT_THAT(MainColumns(result), ElementsAre(1u));  // the one with decimals
  result.columns[0].headline = true;
  EXPECT_THAT(MainColumns(result), ElementsAre(0u));
}

TEST(ResultMarkdown, SaysTheSameNumbers) {
  const std::string text = ResultMarkdown(Made(Example()));
  EXPECT_THAT(text, HasSubstr("# Evaluation\n"));
  EXPECT_THAT(text, HasSubstr("Tiepoint 0.1.0, commit abc, 2026-11-24"));
  EXPECT_THAT(text, HasSubstr("    tiepoint evaluate a|b\n"));
  EXPECT_THAT(text, HasSubstr("## pose \\<test\\>\n"));
  EXPECT_THAT(text, HasSubstr("### indoor (2 items)\n\n"
                              "| | matches | error |\n|---|---:|---:|\n"
                              "| default | 15 | **2.00 ±0.71** |\n"
                              "| rootsift | 15 | 3.00 ±0.00 |\n"));
  EXPECT_THAT(text, HasSubstr("Settings: estimator.name usac;"));
  EXPECT_THAT(text, HasSubstr("Errors are \\<small\\>."));
  EXPECT_THAT(text, HasSubstr("| default | **-1.50 ["));
}

TEST(HtmlReport, StandsAlone) {
  const std::string html = HtmlReport(Made(Example()));
  for (const char* text : {"http://", "https://", "<script", "<link", "url(",
                           "@import", "src=\"/", "<iframe"}) {
    EXPECT_THAT(html, Not(HasSubstr(text)));
  }
  EXPECT_EQ(Count(html, "src="), 1);
  EXPECT_THAT(html, HasSubstr("src=\"data:image/png;base64,UE5H\""));
}

TEST(HtmlReport, EscapesEveryText) {
  ProtocolResult result = Example();
  const std::string mark = "<evil a=\"b\">";
  result.protocol += mark;
  result.settings[mark] = mark;
  for (Item& item : result.items) item.set += mark;
  for (MethodResult& method : result.methods) {
    method.label += mark;
    method.settings[mark] = mark;
  }
  for (Column& column : result.columns) {
    column.title += mark;
    column.meaning += mark;
  }
  result.plots[0].title += mark;
  result.plots[0].x_label += mark;
  result.plots[0].curves[0].label += mark;
  result.pictures[0].caption += mark;
  result.notes[0] += mark;
  ReportHead head = Head();
  for (std::string* text : {&head.title, &head.version, &head.commit,
                            &head.date, &head.command, &head.machine}) {
    *text += mark;
  }
  const std::string html = HtmlReport(MakeReport(head, {result}, {}));
  EXPECT_THAT(html, Not(HasSubstr("<evil")));
  EXPECT_THAT(html, HasSubstr("&lt;evil a=&quot;b&quot;&gt;"));
  for (const char* text : {"<test>", "<matches>", "<worst>", "<small>."}) {
    EXPECT_THAT(html, Not(HasSubstr(text)));
  }
}

TEST(HtmlReport, DrawsEachCurveOnceAndABestCellATable) {
  const std::string html = HtmlReport(Made(Example()));
  EXPECT_EQ(Count(html, "<polyline"), 2);
  // Matches: all and outdoor, error: all three tables.
  EXPECT_EQ(Count(html, "<td class=\"best\""), 5);
  EXPECT_EQ(Count(html, "class=\"forest\""), 2);
  EXPECT_EQ(Count(html, "<g class=\"better\">"), 1);
}

TEST(HtmlReport, NeedsNoMethodsAndNoItems) {
  ProtocolResult result;
  result.protocol = "empty";
  const Report report = Made(result);
  EXPECT_THAT(HtmlReport(report), HasSubstr("empty"));
  EXPECT_THAT(TextTable(report.sections[0]), HasSubstr("empty"));
  EXPECT_THAT(ResultMarkdown(report), HasSubstr("## empty"));
  EXPECT_NO_THROW(Json::parse(ResultJson(report)));
}

}  // namespace
}  // namespace tiepoint
