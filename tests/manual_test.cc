// SPDX-License-Identifier: Apache-2.0
// The manual and the completion of shells say what --help says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include "run_program.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Words = std::vector<std::string>;

// What a shell prints, errors too.
std::string Shell(const std::string& command) {
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, size);
  }
  pclose(pipe);
  return output;
}

bool HasShell(const std::string& name) {
  return !Shell("command -v " + name).empty();
}

Words Lines(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What --help of one command names.
struct Help {
  Words commands, names;  // "match"; "--output", "A"
};

Help ReadHelp(const std::string& text) {
  static const std::regex section("^(\\S.*):$");
  static const std::regex option("^  (-[^ =]*)( .*|=.*)?$");
  static const std::regex word("^  ([A-Za-z][A-Za-z0-9_-]*) .*$");
  Help help;
  std::string open;
  std::smatch match;
  for (const std::string& line : Lines(text)) {
    if (std::regex_match(line, match, section)) {
      open = match[1];
    } else if (std::regex_match(line, match, option) &&
               open.find("Example") == std::string::npos) {
      std::istringstream names(match[1]);
      for (std::string name; std::getline(names, name, ',');) {
        help.names.push_back(name);
      }
    } else if (std::regex_match(line, match, word)) {
      if (open == "Subcommands") help.commands.push_back(match[1]);
      if (open == "Positionals") help.names.push_back(match[1]);
    }
  }
  return help;
}

// The program takes its time to start (LibTorch): what it says is asked once.
class ManualTest : public ProgramTest {
 protected:
  using Helps = std::vector<std::pair<Words, Help>>;

  // Each command ({"evaluate", "pose"}) and its help, the program first.
  const Helps& AllHelps() const {
    static const Helps helps = [this] {
      Helps all;
      AddHelps({}, all);
      return all;
    }();
    return helps;
  }

  std::string Script(const std::string& shell) const {
    static std::map<std::string, std::string> scripts;
    std::string& script = scripts[shell];
    if (script.empty()) script = Run({"completion", shell}).output;
    return Write("completion." + shell, script);
  }

  // What bash offers for the last of `words`, in a folder with the files
  // photo.jpg and photos/.
  Words Bash(const Words& words) const {
    fs::create_directories(Path("folder/photos"));
    Write("folder/photo.jpg", "");
    std::string list;
    for (const std::string& word : words) list += " '" + word + "'";
    return Lines(Shell("cd " + Path("folder") +
                       " && bash --norc --noprofile -c 'source " +
                       Script("bash") +
                       "; COMP_WORDS=(tiepoint \"$@\"); "
                       "COMP_CWORD=$#; _tiepoint; "
                       "printf \"%s\\n\" \"${COMPREPLY[@]}\"' bash" +
                       list + " | sort | grep . || true"));
  }

 private:
  void AddHelps(const Words& path, Helps& all) const {
    Words arguments = path;
    arguments.emplace_back("--help");
    const Help help = ReadHelp(Run(arguments).output);
    all.emplace_back(path, help);
    for (const std::string& name : help.commands) {
      Words below = path;
      below.push_back(name);
      AddHelps(below, all);
    }
  }
};

std::string Joined(const Words& words, const std::string& separator) {
  std::string all = "tiepoint";
  for (const std::string& word : words) all += separator + word;
  return all;
}

// The section of a command.
std::string Section(const std::string& markdown, const std::string& command) {
  const size_t begin = markdown.find("# " + command + "\n");
  if (begin == std::string::npos) return "";
  return markdown.substr(begin, markdown.find("\n#", begin) - begin);
}

TEST_F(ManualTest, SaysAllThatHelpSays) {
  ASSERT_EQ(Run({"manual", "-o", Path("man1")}).exit_code, 0);
  for (const auto& [path, help] : AllHelps()) {
    const std::string name = Joined(path, " ");
    // What roff escapes is printed as it is.
    const std::string page =
        std::regex_replace(Content(Path("man1/" + Joined(path, "-") + ".1")),
                           std::regex("\\\\-"), "-");
    for (const std::string& option : help.names) {
      const char* font = option[0] == '-' ? "\\fB" : "\\fI";
      EXPECT_THAT(page, HasSubstr(font + option)) << name;
    }
    for (const std::string& command : help.commands) {
      EXPECT_THAT(page, HasSubstr("-" + command + "\\fR(1)\n")) << name;
    }
    for (const char* section :
         {"NAME", "SYNOPSIS", "OPTIONS", "\"EXIT STATUS\"", "ENVIRONMENT",
          "\"SEE ALSO\""}) {
      EXPECT_THAT(page, HasSubstr("\n.SH " + std::string(section) + "\n"))
          << name;
    }
  }
  EXPECT_GT(AllHelps().size(), 25U);
}

TEST_F(ManualTest, MarkdownSaysAllThatHelpSays) {
  const std::string folder = Path("commands");
  ASSERT_EQ(Run({"manual", "--format", "markdown", "-o", folder}).exit_code, 0);
  const std::string index = Content(folder + "/index.md");
  for (const auto& [path, help] : AllHelps()) {
    const std::string name = Joined(path, " ");
    const std::string text =
        path.empty() ? index
                     : Section(Content(folder + "/" + path[0] + ".md"), name);
    for (const std::string& option : help.names) {
      EXPECT_THAT(text, HasSubstr("`" + option)) << name;
    }
    for (const std::string& command : help.commands) {
      EXPECT_THAT(text, HasSubstr(" " + command + "`")) << name;
    }
  }
}

TEST_F(ManualTest, PagesAreFormattedWithoutWarnings) {
  ASSERT_EQ(Run({"manual", "-o", Path("man1")}).exit_code, 0);
  int pages = 0;
  for (const auto& entry : fs::directory_iterator(Path("man1"))) {
    ++pages;
    EXPECT_EQ(Shell("groff -man -Tutf8 -ww -z " + entry.path().string()), "")
        << entry.path();
    const char* home = std::getenv("HOME");
    if (home != nullptr && std::string(home).size() > 1) {
      EXPECT_THAT(Content(entry.path()), Not(HasSubstr(home)));
    }
  }
  EXPECT_GT(pages, 25);
  EXPECT_TRUE(fs::exists(Path("man1/tiepoint.1")));
  EXPECT_TRUE(fs::exists(Path("man1/tiepoint-evaluate-pose.1")));
}

TEST_F(ManualTest, TextIsPrintedAsItWasWritten) {
  const std::string page = Write("page.1", Run({"manual", "match"}).output);
  const std::string text = Shell("groff -man -Tutf8 -P-cbu -rLL=200n " + page);
  EXPECT_THAT(text, HasSubstr("tiepoint match A.jpg B.jpg -o out --preset"));
  EXPECT_THAT(text, HasSubstr("-o, --output DIR"));
  EXPECT_THAT(text, HasSubstr("(default: learned)"));
  // What `whatis` shows.
  EXPECT_THAT(Run({"manual"}).output,
              HasSubstr("\n.SH NAME\ntiepoint \\- local image features"));
}

TEST_F(ManualTest, RefusesWhatThereIsNot) {
  ExpectRefused(Run({"manual", "nothing"}), {"no command nothing"});
  ExpectRefused(Run({"manual", "match", "-o", Path("x")}), {"-o"});
  ExpectRefused(Run({"completion", "tcsh"}), {"tcsh", "bash"});
}

TEST_F(ManualTest, BashCompletesCommands) {
  EXPECT_THAT(Bash({""}), ::testing::UnorderedElementsAreArray(
                              AllHelps().front().second.commands));
  EXPECT_THAT(Bash({"mat"}), ElementsAre("match", "match-features"));
  EXPECT_THAT(Bash({"evaluate", "po"}), ElementsAre("pose"));
  EXPECT_THAT(Bash({"--quiet-is-no-option", ""}), Contains("match"));
}

TEST_F(ManualTest, BashCompletesEveryOption) {
  for (const auto& [path, help] : AllHelps()) {
    Words line = path;
    line.emplace_back("-");
    const Words offered = Bash(line);
    for (const std::string& name : help.names) {
      if (name[0] == '-') {
        EXPECT_THAT(offered, Contains(name));
      }
    }
  }
}

TEST_F(ManualTest, BashCompletesValues) {
  EXPECT_THAT(Bash({"match", "A", "B", "--filter", ""}),
              ElementsAre("gms", "learned", "none", "ratio"));
  EXPECT_THAT(Bash({"match", "A", "B", "--filter", "=", "l"}),
              ElementsAre("learned"));
  EXPECT_THAT(Bash({"match", "A", "B", "--filter", "="}), SizeIs(4));
  EXPECT_THAT(Bash({"match", "--preset", "root"}), ElementsAre("rootsift"));
  EXPECT_THAT(Bash({"match", "--threads", ""}), IsEmpty());
  EXPECT_THAT(Bash({"evaluate", "pose", "--presets", "default,ro"}),
              ElementsAre("default,rootsift"));
  EXPECT_THAT(Bash({"export", "colm"}), ElementsAre("colmap", "colmap-text"));
  EXPECT_THAT(Bash({"models", "show", "jet"}), ElementsAre("jet_detector"));
  EXPECT_THAT(Bash({"completion", ""}), ElementsAre("bash", "fish", "zsh"));
}

TEST_F(ManualTest, BashCompletesFilesAndFolders) {
  EXPECT_THAT(Bash({"match", "pho"}), ElementsAre("photo.jpg", "photos"));
  EXPECT_THAT(Bash({"match", "a.jpg", "photo."}), ElementsAre("photo.jpg"));
  EXPECT_THAT(Bash({"match", "A", "B", "-o", "p"}), ElementsAre("photos"));
  EXPECT_THAT(Bash({"extract", "a", "b", "photo."}), ElementsAre("photo.jpg"));
  EXPECT_THAT(Bash({"evaluate", "pose", "--data", "a", "photos"}),
              ElementsAre("photos"));
  // After the format comes a file.
  EXPECT_THAT(Bash({"export", "--seed", "1", "hloc", "photo."}),
              ElementsAre("photo.jpg"));
}

TEST_F(ManualTest, BashTakesItsScript) {
  EXPECT_EQ(Shell("bash -n " + Script("bash")), "");
}

TEST_F(ManualTest, ZshTakesItsScript) {
  if (!HasShell("zsh")) GTEST_SKIP() << "zsh is not installed";
  EXPECT_EQ(Shell("zsh -n " + Script("zsh")), "");
  const auto source = [&](const std::string& before) {
    return Shell("zsh -f -c '" + before + "source " + Script("zsh") +
                 "; print -- $_comps[tiepoint]'");
  };
  EXPECT_EQ(source("autoload -U compinit; compinit -D; "), "_tiepoint\n");
  EXPECT_THAT(source(""),
              HasSubstr("tiepoint: completion comes after compinit"));
}

TEST_F(ManualTest, FishCompletes) {
  if (!HasShell("fish")) GTEST_SKIP() << "fish is not installed";
  const std::string script = Script("fish");
  const auto offered = [&](const std::string& line) {
    return Shell("fish -N -c 'source " + script + "; complete -C \"" + line +
                 "\"'");
  };
  EXPECT_THAT(offered("tiepoint mat"), HasSubstr("match-features"));
  EXPECT_THAT(offered("tiepoint evaluate po"), HasSubstr("pose"));
  EXPECT_THAT(offered("tiepoint match --filter le"), HasSubstr("learned"));
  EXPECT_THAT(offered("tiepoint match --draw"), HasSubstr("--draw-weights"));
  EXPECT_THAT(offered("tiepoint evaluate pose --presets default,ro"),
              HasSubstr("default,rootsift"));
  EXPECT_THAT(offered("tiepoint extract --draw"), Not(HasSubstr("weights")));
}

TEST_F(ManualTest, OutputThatCannotBeWritten) {
  const auto full = [](const std::string& arguments) {
    return Shell(TIEPOINT_PROGRAM " " + arguments +
                 " >/dev/full; echo exit code $?");
  };
  for (const char* arguments : {"manual", "manual match", "completion bash",
                                "completion zsh", "completion fish"}) {
    EXPECT_EQ(full(arguments),
              "tiepoint: standard output cannot be written\nexit code 2\n")
        << arguments;
  }
}

}  // namespace
}  // namespace tiepoint
