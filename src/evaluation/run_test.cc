// SPDX-License-Identifier: Apache-2.0
#include "evaluation/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "evaluation/number_json.h"
#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsNan;
using ::testing::SizeIs;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "run_testXXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  const std::string& Path() const { return path_; }

 private:
  std::string path_;
};

// Features that nothing looks at.
class FakeSource : public FeatureSource {
 public:
  FakeSource(const std::string& label, const std::string& detector)
      : label_(label) {
    steps_.preset.detector = detector;
  }
  std::string Label() const override { return label_; }
  Json Settings() const override { return {{"preset", label_}}; }
  std::shared_ptr<const Features> Of(const std::string&, int) const override {
    return std::make_shared<Features>();
  }
  Features Of(const Image&) const override { return {}; }
  const Steps* GetSteps() const override { return &steps_; }

 private:
  std::string label_;
  Steps steps_;
};

std::vector<std::unique_ptr<FeatureSource>> Sources() {
  std::vector<std::unique_ptr<FeatureSource>> sources;
  sources.push_back(std::make_unique<FakeSource>("rootsift", "sift"));
  sources.push_back(std::make_unique<FakeSource>("default", "lift"));
  return sources;
}

double MeanOf(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Three items with errors 1, 2, 3 (both runs), and an infinity and a NaN.
class FakeProtocol : public Protocol {
 public:
  FakeProtocol() {
    for (int i = 1; i <= 3; ++i) {
      items_.push_back(
          {"set", "scene", std::to_string(i), "a.png", "b.png", {}});
    }
    columns_ = {{"error", "error", "Mean error.", "error", MeanOf, 2, true}};
  }
  std::string Name() const override { return "fake"; }
  Json Settings() const override { return {{"threshold", threshold}}; }
  const std::vector<Item>& Items() const override { return items_; }
  const std::vector<Column>& Columns() const override { return columns_; }
  Measurement Measure(const FeatureSource& source,
                      const Item& item) const override {
    calls.push_back(source.Label() + " " + item.name);
    if (static_cast<int>(calls.size()) == interrupt_at) throw Interrupted();
    const double value = std::stod(item.name);
    return {{"error", {value, value + 10}},
            {"usac.error", {value + 100}},
            {"odd", {kUndefined, kInfinity, -kInfinity, 0.1}}};
  }
  std::vector<Variant> Variants() const override { return variants; }
  std::string WorstColumn() const override { return "error"; }
  std::string Draw(const FeatureSource& source,
                   const Item& item) const override {
    return source.Label() + "/" + item.name;
  }

  std::vector<Item> items_;
  std::vector<Column> columns_;
  std::vector<Variant> variants = {{"", ""}};
  double threshold = 3;
  int interrupt_at = -1;
  mutable std::vector<std::string> calls;
};

std::vector<std::string> LabelsOf(const ProtocolResult& result) {
  std::vector<std::string> labels;
  for (const MethodResult& method : result.methods) {
    labels.push_back(method.label);
  }
  return labels;
}

RunOptions In(const Folder& folder) {
  RunOptions options;
  options.cache = folder.Path();
  return options;
}

std::vector<fs::path> MemosIn(const Folder& folder) {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::directory_iterator(folder.Path() + "/measurements")) {
    files.push_back(entry.path());
  }
  return files;
}

TEST(RunProtocol, MeasuresEachSourceOnEachItemOnce) {
  const FakeProtocol protocol;
  const ProtocolResult result = RunProtocol(protocol, Sources(), {});
  EXPECT_THAT(protocol.calls,
              ElementsAre("rootsift 1", "rootsift -0.25 1", "rootsift 2",
                          "rootsift -0.25 2", "rootsift 3", "rootsift -0.25 3",
                          "default 1", "default 2", "default 3"));
  for (const MethodResult& method : result.methods) {
    ASSERT_THAT(method.measurements, SizeIs(3));
    EXPECT_THAT(method.measurements[1].at("error"), ElementsAre(2, 12));
  }
}

TEST(RunProtocol, OnlySiftHasARowWithTheShiftUndone) {
  const ProtocolResult result = RunProtocol(FakeProtocol(), Sources(), {});
  EXPECT_THAT(LabelsOf(result),
              ElementsAre("rootsift", "rootsift -0.25", "default"));
  EXPECT_NE(result.methods[0].settings, result.methods[1].settings);
}

TEST(RunProtocol, SplitsSeriesAmongVariants) {
  FakeProtocol protocol;
  protocol.variants = {{" + plain", "plain."}, {" + usac", "usac."}};
  const ProtocolResult result = RunProtocol(protocol, Sources(), {});
  EXPECT_THAT(LabelsOf(result),
              ElementsAre("rootsift + plain", "rootsift + usac",
                          "rootsift -0.25 + plain", "rootsift -0.25 + usac",
                          "default + plain", "default + usac"));
  EXPECT_THAT(protocol.calls, SizeIs(9));
  // "error" is of all, and gives way to the variant's own series.
  EXPECT_THAT(result.methods[0].measurements[0].at("error"),
              ElementsAre(1, 11));
  EXPECT_THAT(result.methods[1].measurements[0].at("error"), ElementsAre(101));
  EXPECT_EQ(result.methods[1].measurements[0].count("usac.error"), 0u);
}

TEST(RunProtocol, TakesWhatWasMeasuredBefore) {
  const Folder folder;
  const FakeProtocol first, second;
  const ProtocolResult a = RunProtocol(first, Sources(), In(folder));
  const ProtocolResult b = RunProtocol(second, Sources(), In(folder));
  EXPECT_THAT(MemosIn(folder), SizeIs(9));
  EXPECT_THAT(second.calls, SizeIs(0));
  EXPECT_EQ(b.methods[2].measurements[0].at("error"),
            a.methods[2].measurements[0].at("error"));
  const std::vector<double>& odd = b.methods[0].measurements[0].at("odd");
  EXPECT_THAT(odd, ElementsAre(IsNan(), kInfinity, -kInfinity, 0.1));
}

TEST(RunProtocol, MeasuresAgainWhenSettingsDiffer) {
  const Folder folder;
  FakeProtocol protocol;
  RunProtocol(protocol, Sources(), In(folder));
  protocol.threshold = 5;
  protocol.calls.clear();
  RunProtocol(protocol, Sources(), In(folder));
  EXPECT_THAT(protocol.calls, SizeIs(9));
}

TEST(RunProtocol, MeasuresAgainWhenAPhotographChanged) {
  const Folder folder;
  const std::string photograph = folder.Path() + "/photograph.png";
  std::ofstream(photograph) << "1";
  FakeProtocol protocol;
  protocol.items_[1].image2 = photograph;
  RunProtocol(protocol, Sources(), In(folder));
  protocol.calls.clear();
  std::ofstream(photograph) << "longer";
  RunProtocol(protocol, Sources(), In(folder));
  EXPECT_THAT(protocol.calls,
              ElementsAre("rootsift 2", "rootsift -0.25 2", "default 2"));
}

TEST(RunProtocol, MeasuresAgainWhenAMemoIsDamaged) {
  const Folder folder;
  FakeProtocol protocol;
  RunProtocol(protocol, Sources(), In(folder));
  const std::vector<fs::path> memos = MemosIn(folder);
  std::ofstream(memos[0]) << "{\"key\": ";
  std::ofstream(memos[1]) << "[]";
  fs::copy_file(memos[2], memos[3], fs::copy_options::overwrite_existing);
  std::string text;
  std::getline(std::ifstream(memos[4]), text);
  Json json = Json::parse(text);
  json["measurement"] = {{"error", "1"}};
  std::ofstream(memos[4]) << json;
  protocol.calls.clear();
  const ProtocolResult result = RunProtocol(protocol, Sources(), In(folder));
  EXPECT_THAT(protocol.calls, SizeIs(4));
  EXPECT_THAT(result.methods[1].measurements[1].at("error"),
              ElementsAre(2, 12));
  protocol.calls.clear();
  RunProtocol(protocol, Sources(), In(folder));
  EXPECT_THAT(protocol.calls, SizeIs(0));
}

TEST(RunProtocol, KeepsWhatWasMeasuredBeforeAnInterrupt) {
  const Folder folder;
  FakeProtocol protocol;
  protocol.interrupt_at = 5;
  EXPECT_THROW(RunProtocol(protocol, Sources(), In(folder)), Interrupted);
  protocol.interrupt_at = -1;
  protocol.calls.clear();
  RunProtocol(protocol, Sources(), In(folder));
  EXPECT_THAT(protocol.calls, SizeIs(9 - 4));
}

TEST(RunProtocol, RefusesACacheThatCannotBeWritten) {
  const Folder folder;
  const std::string file = folder.Path() + "/file";
  std::ofstream(file) << "x";
  RunOptions options;
  options.cache = file;
  EXPECT_THROW(RunProtocol(FakeProtocol(), Sources(), options), InputError);
}

TEST(RunProtocol, DrawsTheWorstItemsOfEachMethod) {
  RunOptions options;
  options.pictures = 2;
  const ProtocolResult result = RunProtocol(FakeProtocol(), Sources(), options);
  ASSERT_THAT(result.pictures, SizeIs(6));
  EXPECT_EQ(result.pictures[0].png, "rootsift/3");
  EXPECT_EQ(result.pictures[0].caption, "rootsift: set scene 3, error 8.00");
  EXPECT_EQ(result.pictures[1].png, "rootsift/2");
  EXPECT_EQ(result.pictures[5].png, "default/2");
}

TEST(RunProtocol, TellsItsProgress) {
  std::vector<int> done;
  RunOptions options;
  options.progress = [&](int finished, int total, const std::string&) {
    done.push_back(finished);
    EXPECT_EQ(total, 9);
  };
  RunProtocol(FakeProtocol(), Sources(), options);
  EXPECT_THAT(done, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

// ---------------------------------------------------------------- summaries

// Items 0 and 1 of set "a", item 2 of set "b"; two runs.
ProtocolResult TwoMethods() {
  ProtocolResult result;
  result.items = {{"a", "s", "1", "", "", {}},
                  {"a", "s", "2", "", "", {}},
                  {"b", "t", "1", "", "", {}}};
  result.columns = {{"e", "e", "Mean.", "e", MeanOf}};
  const auto runs = [](double first, double second) {
    return Measurement{{"e", {first, second}}};
  };
  result.methods = {
      {"one", {}, {runs(1, 3), runs(2, 4), runs(kUndefined, 8)}},
      {"two", {}, {runs(0, 0), {{"e", {7}}}, {}}},
      {"three", {}, {runs(kInfinity, 1), runs(2, 2), runs(3, 3)}}};
  return result;
}

TEST(Summarize, IsTheMeanOverRunsOfEachRunsColumn) {
  const ProtocolResult result = TwoMethods();
  // Runs: (1 + 2) / 2 and (3 + 4 + 8) / 3.
  const Cell all =
      Summarize(result, result.methods[0], result.columns[0], nullptr);
  EXPECT_DOUBLE_EQ(all.value, (1.5 + 5) / 2);
  EXPECT_DOUBLE_EQ(all.spread, 3.5 / std::sqrt(2.0));
  EXPECT_EQ(all.runs, 2);
  EXPECT_EQ(all.items, 3);
  const Cell a = Summarize(result, result.methods[0], result.columns[0],
                           [](const Item& item) { return item.set == "a"; });
  EXPECT_DOUBLE_EQ(a.value, (1.5 + 3.5) / 2);
  EXPECT_EQ(a.items, 2);
}

TEST(Summarize, CountsASingleRunInEveryRun) {
  const ProtocolResult result = TwoMethods();
  const Cell cell =
      Summarize(result, result.methods[1], result.columns[0], nullptr);
  EXPECT_DOUBLE_EQ(cell.value, 3.5);
  EXPECT_EQ(cell.spread, 0);
  EXPECT_EQ(cell.items, 2);
}

TEST(Summarize, IsUndefinedWithoutValues) {
  const ProtocolResult result = TwoMethods();
  const Cell cell = Summarize(result, result.methods[1], result.columns[0],
                              [](const Item& item) { return item.set == "b"; });
  EXPECT_TRUE(std::isnan(cell.value));
  EXPECT_EQ(cell.items, 0);
  EXPECT_EQ(cell.runs, 0);
}

TEST(Summarize, MayBeInfinite) {
  const ProtocolResult result = TwoMethods();
  const Cell cell =
      Summarize(result, result.methods[2], result.columns[0], nullptr);
  EXPECT_EQ(cell.value, kInfinity);
  EXPECT_EQ(cell.spread, 0);
}

TEST(Compare, IsTheDifferenceOnItemsThatBothHave) {
  const ProtocolResult result = TwoMethods();
  const Interval interval =
      Compare(result, result.methods[0], result.methods[1], result.columns[0],
              nullptr, 1);
  // Items 0 and 1: (1.5 + 3.5) / 2 - 3.5; item 0 differs by 2, item 1 by -4.
  EXPECT_DOUBLE_EQ(interval.estimate, -1);
  EXPECT_DOUBLE_EQ(interval.low, -4);
  EXPECT_DOUBLE_EQ(interval.high, 2);
}

TEST(Compare, FindsNoDifferenceOfAMethodFromItself) {
  const ProtocolResult result = TwoMethods();
  for (const MethodResult& method : result.methods) {
    const Interval interval =
        Compare(result, method, method, result.columns[0], nullptr, 1);
    EXPECT_EQ(interval.estimate, 0);
    EXPECT_EQ(interval.low, 0);
    EXPECT_EQ(interval.high, 0);
  }
}

TEST(Compare, IsUndefinedWithoutPairsOrWhenInfinite) {
  const ProtocolResult result = TwoMethods();
  const auto b = [](const Item& item) { return item.set == "b"; };
  EXPECT_TRUE(std::isnan(Compare(result, result.methods[0], result.methods[1],
                                 result.columns[0], b, 1)
                             .estimate));
  EXPECT_TRUE(std::isnan(Compare(result, result.methods[2], result.methods[0],
                                 result.columns[0], nullptr, 1)
                             .low));
}

TEST(Compare, HasNoIntervalOfOneItem) {
  const ProtocolResult result = TwoMethods();
  const auto first = [](const Item& item) {
    return item.set == "a" && item.name == "1";
  };
  const Interval interval =
      Compare(result, result.methods[0], result.methods[1], result.columns[0],
              first, 1);
  EXPECT_DOUBLE_EQ(interval.estimate, 2);
  EXPECT_TRUE(std::isnan(interval.low));
  EXPECT_TRUE(std::isnan(interval.high));
}

TEST(Compare, DrawsTheSameItemsForBoth) {
  ProtocolResult result;
  result.columns = {{"e", "e", "Largest.", "e", [](std::span<const double> v) {
                       return *std::max_element(v.begin(), v.end());
                     }}};
  result.methods.resize(2);
  for (int i = 0; i < 20; ++i) {
    result.items.push_back({"s", "", std::to_string(i), "", "", {}});
    const double value = i * 7 % 20;
    result.methods[0].measurements.push_back({{"e", {value + 1, value + 2}}});
    result.methods[1].measurements.push_back({{"e", {value}}});
  }
  // Whatever is drawn, the first method's largest values are 1 and 2 larger.
  const Interval interval =
      Compare(result, result.methods[0], result.methods[1], result.columns[0],
              nullptr, 1);
  EXPECT_DOUBLE_EQ(interval.estimate, 1.5);
  EXPECT_DOUBLE_EQ(interval.low, 1.5);
  EXPECT_DOUBLE_EQ(interval.high, 1.5);
}

TEST(SetsOf, KeepsTheOrderOfAppearance) {
  EXPECT_THAT(SetsOf(TwoMethods()), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace tiepoint
