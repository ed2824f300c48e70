// SPDX-License-Identifier: Apache-2.0
#include "run_program.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

std::string Quote(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string CommandLine(const std::vector<std::string>& arguments) {
  std::string command = Quote(TIEPOINT_PROGRAM);
  for (const std::string& argument : arguments) {
    command += " " + Quote(argument);
  }
  return command;
}

}  // namespace

ProgramTest::ProgramTest()
    : folder_(fs::temp_directory_path() /
              ("tiepoint_program_test_" + std::to_string(getpid()))) {
  fs::create_directories(folder_);
}

ProgramTest::~ProgramTest() { fs::remove_all(folder_); }

void ProgramTest::ExpectRefused(const ProgramResult& result,
                                const std::vector<std::string>& words) {
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, testing::StartsWith("tiepoint: "));
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1)
      << result.errors;
  for (const std::string& word : words) {
    EXPECT_THAT(result.errors, testing::HasSubstr(word));
  }
}

ProgramResult ProgramTest::Run(const std::vector<std::string>& arguments,
                               const std::string& started) const {
  std::string command = CommandLine(arguments) + " >" + Quote(Path("stdout")) +
                        " 2>" + Quote(Path("stderr"));
  if (!started.empty()) {
    command += " & until [ -e " + Quote(started) +
               " ]; do sleep 0.1; done; sleep 0.5; kill -INT $!; wait $!";
  }
  return RunCommand(command);
}

ProgramResult ProgramTest::RunKilled(const std::vector<std::string>& arguments,
                                     double seconds) const {
  return RunCommand("timeout -s KILL " + std::to_string(seconds) + " " +
                    CommandLine(arguments) + " >" + Quote(Path("stdout")) +
                    " 2>" + Quote(Path("stderr")));
}

ProgramResult ProgramTest::RunKilledWithoutOutput(
    const std::vector<std::string>& arguments, double seconds) const {
  Write("stdout", "");
  return RunCommand("timeout -s KILL " + std::to_string(seconds) + " " +
                    CommandLine(arguments) + " >/dev/full 2>" +
                    Quote(Path("stderr")));
}

ProgramResult ProgramTest::RunCommand(const std::string& command) const {
  const int status = std::system(command.c_str());
  ProgramResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.output = Content(Path("stdout"));
  result.errors = Content(Path("stderr"));
  return result;
}

std::string ProgramTest::Write(const std::string& name,
                               const std::string& content) const {
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

std::string ProgramTest::Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

nlohmann::json ProgramTest::ReadJson(const std::string& path) {
  return nlohmann::json::parse(Content(path), nullptr, false);
}

}  // namespace tiepoint
