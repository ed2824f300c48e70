// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest()
      : folder_(fs::temp_directory_path() /
                ("tiepoint_io_program_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ProgramTest() override { fs::remove_all(folder_); }

  std::string Log() const { return (folder_ / "log").string(); }
  std::string Content() const {
    std::ifstream file(Log());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  ProgramEnd Shell(const std::string& script) const {
    return RunProgram(
        {{"/bin/sh", "-c", script}, Log(), {{"TIEPOINT_TEST", "a b"}}});
  }

  fs::path folder_;
};

TEST_F(ProgramTest, ArgumentsArriveAsTheyAre) {
  const ProgramEnd end = RunProgram(
      {{"/bin/sh", "-c", R"(printf '%s|' "$@")", "sh", "a b", "$HOME", "'"},
       Log(),
       {}});
  EXPECT_TRUE(end.Succeeded());
  EXPECT_EQ(Content(), "a b|$HOME|'|");
}

TEST_F(ProgramTest, TheLogHoldsBothStreams) {
  Shell("echo out; echo err >&2; echo $TIEPOINT_TEST; echo");
  EXPECT_EQ(Content(), "out\nerr\na b\n\n");
  EXPECT_EQ(LastLine(Log()), "a b");
}

TEST_F(ProgramTest, SaysHowItEnded) {
  EXPECT_EQ(Shell("exit 3").Describe(), "exit code 3");
  const ProgramEnd killed = Shell("kill -SEGV $$");
  EXPECT_EQ(killed.signal, SIGSEGV);
  EXPECT_FALSE(killed.Succeeded());
  EXPECT_TRUE(killed.Describe().starts_with("signal 11 ("))
      << killed.Describe();
}

TEST_F(ProgramTest, ReadsNothingFromUs) {
  EXPECT_TRUE(Shell("if read line; then exit 1; fi").Succeeded());
}

// Whoever kills us must not leave our locks with our children.
TEST_F(ProgramTest, OurFilesStayOurs) {
  const int ours = open("/dev/null", O_RDONLY);  // no O_CLOEXEC
  ASSERT_GT(ours, 2);
  Shell("[ -e /proc/self/fd/" + std::to_string(ours) + " ] && echo seen");
  close(ours);
  EXPECT_EQ(Content(), "");
}

TEST_F(ProgramTest, FindsProgramsOnPath) {
  EXPECT_TRUE(FindProgram("sh").ends_with("/sh"));
  EXPECT_EQ(FindProgram("/bin/sh"), "/bin/sh");
  EXPECT_EQ(FindProgram("no_such_program_of_tiepoint"), "");
  EXPECT_EQ(FindProgram("/bin"), "");
  EXPECT_EQ(FindProgram(""), "");
}

TEST_F(ProgramTest, SaysWhatCannotBeStarted) {
  EXPECT_THROW(RunProgram({{"/no/such/program"}, Log(), {}}), InputError);
  EXPECT_THROW(RunProgram({{"/bin/sh"}, "/no/such/folder/log", {}}),
               InputError);
}

// The request cannot be taken back, so that it needs a process of its own.
TEST_F(ProgramTest, AnInterruptEndsTheProgramAndItsChildren) {
  ::testing::FLAGS_gtest_death_test_style = "fast";
  const std::string survived = (folder_ / "survived").string();
  const auto interrupted = [&] {
    signal(SIGALRM, [](int) { kill(getpid(), SIGINT); });
    signal(SIGINT, [](int) { RequestInterrupt(); });
    ualarm(200000, 0);
    try {
      Shell("(sleep 1; echo > '" + survived + "') & wait");
    } catch (const Interrupted&) {
      _exit(130);
    }
    _exit(0);
  };
  EXPECT_EXIT(interrupted(), ::testing::ExitedWithCode(130), "");
  sleep(2);
  EXPECT_FALSE(fs::exists(survived));
}

}  // namespace
}  // namespace tiepoint
