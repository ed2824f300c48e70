// SPDX-License-Identifier: Apache-2.0
#include "training/train_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "training/architectures.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

class TrainConfigTest : public ::testing::Test {
 protected:
  ~TrainConfigTest() override { fs::remove(path_); }
  std::string Recipe(const std::string& text) const {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }
  const std::string path_ =
      fs::temp_directory_path() /
      ("tiepoint_train_config_" + std::to_string(getpid()) + ".json");
};

TrainOptions Parse(const Words& words) {
  return ParseTrainArguments(words).options;
}

// One line that names all of `parts`.
void ExpectRefused(const Words& words, const Words& parts) {
  try {
    Parse(words);
    FAIL() << "accepted: " << ::testing::PrintToString(words);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    for (const std::string& part : parts) {
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
}

TEST_F(TrainConfigTest, WhatIsPrintedIsReadBack) {
  const TrainOptions options =
      Parse({"orientation", "--data", "a", "--data", "b \"c\"", "--seed",
             "18446744073709551615", "--learning-rate", ".3e-2", "--no-resume",
             "--quiet", "--threads", "3", "--data-note", "12"});
  EXPECT_EQ(options.seed, 18446744073709551615u);
  EXPECT_EQ(options.learning_rate, 0.003);
  EXPECT_FALSE(options.resume);
  EXPECT_EQ(options.data_note, "12");
  EXPECT_THAT(options.data, ElementsAre("a", "b \"c\""));
  const std::string printed = TrainConfig(options).dump(2);
  EXPECT_EQ(TrainConfig(Parse({"--config", Recipe(printed)})).dump(2), printed);
}

TEST_F(TrainConfigTest, EveryOptionHasOneNameEverywhere) {
  const std::string help = TrainHelp();
  const auto config = TrainConfig(Parse({"detector"}));
  EXPECT_GT(config.size(), 15u);
  for (const auto& [key, value] : config.items()) {
    if (key == "kind") continue;
    EXPECT_THAT(help, HasSubstr("  --" + key + " "));
    if (value.is_boolean()) {
      EXPECT_EQ(TrainConfig(Parse({"detector", "--no-" + key}))[key], false);
      EXPECT_EQ(TrainConfig(Parse({"detector", "--" + key}))[key], true);
    } else {
      const auto changed =
          TrainConfig(Parse({"detector", "--" + key, "7"}))[key];
      EXPECT_NE(changed, value) << key;
      EXPECT_THAT(changed.dump(), HasSubstr("7"));
    }
  }
}

TEST_F(TrainConfigTest, TheGuideHoldsTheHelp) {
  std::ifstream file(fs::path(TIEPOINT_RECIPES) / "../../docs/training.md");
  const std::string guide(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(guide, HasSubstr(TrainHelp()));
}

TEST_F(TrainConfigTest, TheCommandLineWins) {
  const std::string recipe = Recipe(
      R"({"kind": "detector", "data": ["x", "y"], "batch": 9, "seed": 4})");
  EXPECT_THAT(Parse({"--config", recipe}).data, ElementsAre("x", "y"));
  const TrainOptions options =
      Parse({"detector", "--batch", "10", "--data", "z", "--config", recipe});
  EXPECT_EQ(options.batch, 10);
  EXPECT_EQ(options.seed, 4u);
  EXPECT_THAT(options.data, ElementsAre("z"));
}

TEST_F(TrainConfigTest, TheBatchIsThatOfTheKind) {
  for (const TrainKind& kind : TrainKinds()) {
    EXPECT_EQ(Parse({kind.name}).batch, kind.batch);
    const std::string recipe =
        Recipe(std::string(R"({"kind": ")") + kind.name + "\"}");
    EXPECT_EQ(Parse({"--config", recipe}).batch, kind.batch);
  }
}

TEST_F(TrainConfigTest, BadRecipesAreRefusedInOneLine) {
  const auto refuse = [&](const std::string& text, const Words& parts) {
    ExpectRefused({"detector", "--config", Recipe(text)}, parts);
  };
  ExpectRefused({"--config", "/no/such.json"}, {"/no/such.json", "read"});
  ExpectRefused({"--config", fs::temp_directory_path()}, {"--config"});
  refuse("", {path_, "JSON"});
  refuse("{\"batch\": 8,\n}", {path_, "JSON"});
  refuse("[1]", {path_, "object"});
  refuse(R"({"bacth": 8})", {path_, "bacth", "--help"});
  refuse(R"({"config": "x"})", {path_, "config"});
  refuse(R"({"batch": "8"})", {path_, "batch", "whole number", "\"8\""});
  refuse(R"({"batch": 8.5})", {path_, "batch", "whole number", "8.5"});
  refuse(R"({"batch": 3000000000})", {path_, "batch", "whole number"});
  refuse(R"({"seed": -1})", {path_, "seed", "whole number"});
  refuse(R"({"learning-rate": true})", {path_, "learning-rate", "a number"});
  refuse(R"({"data": "photos"})", {path_, "data", "list"});
  refuse(R"({"data": ["photos", 1]})", {path_, "data", "list"});
  refuse(R"({"quiet": 1})", {path_, "quiet", "true or false"});
  refuse(R"({"output": null})", {path_, "output", "text"});
  refuse(R"({"kind": 3})", {path_, "kind"});
  refuse(R"({"kind": "poem"})", {"poem", "orientation"});
  refuse(R"({"kind": "descriptor"})", {path_, "descriptor", "detector"});
}

TEST_F(TrainConfigTest, BadArgumentsAreRefusedInOneLine) {
  ExpectRefused({"poem"}, {"poem", "orientation"});
  ExpectRefused({}, {"--help"});
  ExpectRefused({"--batch", "8"}, {"--help"});
  ExpectRefused({"detector", "--bacth", "8"}, {"--bacth", "--help"});
  ExpectRefused({"detector", "data", "8"}, {"data", "--help"});
  ExpectRefused({"detector", "--no-batch", "8"}, {"--no-batch"});
  ExpectRefused({"detector", "--batch"}, {"--batch", "value"});
  ExpectRefused({"detector", "--batch", "1e3"}, {"--batch", "whole", "1e3"});
  ExpectRefused({"detector", "--batch", ""}, {"--batch", "whole"});
  ExpectRefused({"detector", "--learning-rate", "nan"}, {"--learning-rate"});
  ExpectRefused({"detector", "--learning-rate", "fast"}, {"fast"});
}

TEST_F(TrainConfigTest, EveryRecipeOfTheRepositoryIsValid) {
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator(TIEPOINT_RECIPES)) {
    const std::string path = entry.path();
    ASSERT_EQ(entry.path().extension(), ".json");
    const TrainOptions options = Parse({"--config", path});
    EXPECT_EQ(options.Validate(), "") << path;
    if (options.kind == "correspondence") {
      EXPECT_NO_THROW(CheckCorrespondenceArchitecture(options.architecture));
    } else if (IsOrientedArchitecture(options.architecture)) {
      EXPECT_NO_THROW(MakeOrientedArchitecture(options.architecture)) << path;
    } else if (!options.architecture.empty()) {
      EXPECT_NO_THROW(MakeArchitecture(options.architecture)) << path;
    }
    if (!IsOrientedArchitecture(options.architecture)) {
      EXPECT_EQ(options.kind == "orientation" || !options.orientation.empty(),
                !options.descriptor.empty());
    }
    // It makes the weights that it is named after.
    EXPECT_EQ(fs::path(options.output).stem(), entry.path().stem());
    ++recipes;
  }
  EXPECT_GE(recipes, 4);
}

}  // namespace
}  // namespace tiepoint
