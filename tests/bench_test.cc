// SPDX-License-Identifier: Apache-2.0
// `tiepoint bench`: what its record holds, and the comparison of two.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "run_program.h"
#include "tiepoint/pipeline/tiny_models.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class BenchTest : public ProgramTest {
 protected:
  // A record of one stage that took `cpu` of 2 seconds.
  std::string Record(const std::string& name, const std::string& stage,
                     double cpu) const {
    return Write(name, Json{{"command", "bench"},
                            {"version", "1"},
                            {"stages",
                             {{{"size", "64x64"},
                               {"stage", stage},
                               {"seconds", cpu},
                               {"cpu", cpu},
                               {"baseline", "OpenCV SIFT"},
                               {"baseline_cpu", 2.0}}}}}
                           .dump());
  }
};

TEST_F(BenchTest, RecordsEachStageBesideItsBaselineAndThePeak) {
  std::filesystem::create_directories(Path("models"));
  WriteTinyModels(Path("models"));
  const ProgramResult result =
      Run({"bench", "--models", Path("models"), "--sizes", "96x80",
           "--repetitions", "1", "--threads", "1", "--json", Path("b.json")});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("GFLOP/s"));
  const Json json = ReadJson(Path("b.json"));
  EXPECT_GT(json["machine"]["f32_gflops"], 0);
  EXPECT_GT(json["machine"]["memory_gb_per_s"], 0);
  std::map<std::string, Json> stages;
  for (const Json& stage : json["stages"]) {
    EXPECT_EQ(stage["size"], "96x80");
    stages[stage["stage"]] = stage;
  }
  for (const char* stage : {"detect", "describe", "whole"}) {
    ASSERT_TRUE(stages.contains(stage)) << stage;
    EXPECT_EQ(stages[stage]["baseline"], "OpenCV SIFT");
    EXPECT_NEAR(stages[stage]["cpu_over_baseline"].get<double>(),
                stages[stage]["cpu"].get<double>() /
                    stages[stage]["baseline_cpu"].get<double>(),
                1e-9);
  }
  ASSERT_TRUE(stages.contains("match"));
  EXPECT_EQ(stages["match"]["baseline"], "BFMatcher knn 2");
  EXPECT_GT(stages["describe"]["gflops"], 0);
  EXPECT_LT(stages["describe"]["of_peak"], 1.5);
}

TEST_F(BenchTest, ComparesWhatTwoRecordsShareRelativeToTheirBaselines) {
  const std::string before = Record("before.json", "whole", 1.0);
  const std::string after = Record("after.json", "whole", 1.5);
  const ProgramResult result = Run({"bench", "--compare", before, after});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("64x64 whole"));
  EXPECT_THAT(result.output, HasSubstr("0.5000"));
  EXPECT_THAT(result.output, HasSubstr("0.7500"));
  EXPECT_THAT(result.output, HasSubstr("1.500"));
}

TEST_F(BenchTest, RefusesOtherFiles) {
  const std::string bench = Record("b.json", "whole", 1.0);
  ExpectRefused(Run({"bench", "--compare", bench, Path("none.json")}),
                {"none.json", "cannot be opened"});
  ExpectRefused(Run({"bench", "--compare", bench, Write("n.json", "{\"a\"")}),
                {"n.json", "is not what tiepoint bench"});
  ExpectRefused(
      Run({"bench", "--compare", bench, Record("m.json", "match", 1.0)}),
      {"no stage in common"});
  ExpectRefused(Run({"bench", "--sizes", "640"}), {"WIDTHxHEIGHT"});
}

}  // namespace
}  // namespace tiepoint
