// SPDX-License-Identifier: Apache-2.0
// Runs the built program as a user does.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tiepoint {

struct ProgramResult {
  int exit_code = -1;
  std::string output;  // stdout
  std::string errors;  // stderr
};

// A test with a folder of its own, removed afterwards.
class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest();
  ~ProgramTest() override;

  // `tiepoint arguments...`. With `started`, a file that the program makes when
  // it begins its work, it is sent SIGINT half a second after that.
  ProgramResult Run(const std::vector<std::string>& arguments,
                    const std::string& started = "") const;
  // The same, killed (SIGKILL) after so many seconds unless it ended before.
  ProgramResult RunKilled(const std::vector<std::string>& arguments,
                          double seconds) const;
  // The same, with a stdout that nothing can be written to.
  ProgramResult RunKilledWithoutOutput(
      const std::vector<std::string>& arguments, double seconds) const;
  // Exit code 2 and one line on stderr that holds all of `words`.
  static void ExpectRefused(const ProgramResult& result,
                            const std::vector<std::string>& words);
  std::string Path(const std::string& name) const { return folder_ / name; }
  std::string Write(const std::string& name, const std::string& content) const;
  static std::string Content(const std::string& path);
  static nlohmann::json ReadJson(const std::string& path);

  std::filesystem::path folder_;

 private:
  ProgramResult RunCommand(const std::string& command) const;
};

}  // namespace tiepoint
