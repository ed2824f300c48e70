// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "command.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/report/match_page.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

struct ViewArguments {
  CommonOptions common;
  std::string matches;
  std::string output;
};

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened for reading");
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// As stored in the JSON, else beside it.
std::string FindPhotograph(const std::string& stored, const fs::path& json) {
  for (const fs::path& path :
       {fs::path(stored), json.parent_path() / stored,
        json.parent_path() / fs::path(stored).filename()}) {
    std::error_code error;
    if (fs::is_regular_file(path, error)) return path.string();
  }
  throw InputError(stored + ": the photograph that " + json.string() +
                   " names is neither there nor beside it");
}

int RunView(const ViewArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  fs::path json = arguments.matches;
  if (fs::is_directory(json)) json /= "matches.json";
  MatchPageInput input{.json = ContentOf(json.string()),
                       .name = json.string(),
                       .photographs = {}};
  for (const std::string& stored : PhotographsOf(input)) {
    input.photographs.push_back(ContentOf(FindPhotograph(stored, json)));
  }
  const std::string target = arguments.output.empty()
                                 ? json.replace_extension(".html").string()
                                 : arguments.output;
  WriteFileAtomically(target, MatchPage(input));
  if (!arguments.common.quiet) fmt::print("written  {}\n", target);
  return kExitAnswer;
}

}  // namespace

void AddViewCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ViewArguments>();
  CLI::App* command = app.add_subcommand(
      "view", "A page that shows two photographs with their matches");
  command
      ->add_option("MATCHES", arguments->matches,
                   "matches.json of `tiepoint match`, or its folder")
      ->required();
  command
      ->add_option("-o,--html", arguments->output,
                   "The page; without it matches.html beside the JSON")
      ->type_name("FILE.html");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "One file that holds everything, photographs too, and asks nobody for "
      "anything: zoom\nand move by mouse, touch or keys, epipolar lines under "
      "the cursor, sliders for weight\nand similarity.\n\n"
      "Examples:\n"
      "  tiepoint match A.jpg B.jpg -o out && tiepoint view out\n");
  command->callback(
      [arguments, &context] { context.exit_code = RunView(*arguments); });
}
