// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "command.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "view/page_server.h"
#include "view/site.h"

namespace {

using namespace tiepoint;

struct ViewArguments {
  CommonOptions common;
  std::string path;
  std::string output;
  std::string photographs;
  int port = 0;
};

int RunView(const ViewArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  Site site(arguments.path, arguments.photographs);
  if (!arguments.output.empty()) {
    WriteFileAtomically(arguments.output, site.MainPage());
    if (!arguments.common.quiet) fmt::print("written  {}\n", arguments.output);
    return kExitAnswer;
  }
  PageServer server(arguments.port,
                    [&](const std::string& path) -> std::optional<ServedPage> {
                      auto html = site.Page(path);
                      if (!html) return std::nullopt;
                      return ServedPage{.html = std::move(*html),
                                        .scripts = !site.IsForeign(path)};
                    });
  // Quiet or not: nobody could guess it.
  fmt::print("{}  (Ctrl-C ends)\n", server.Address());
  if (std::fflush(stdout) != 0) {
    throw InputError("standard output cannot be written: the address is lost");
  }
  server.Run();
  return kExitAnswer;
}

}  // namespace

void AddViewCommand(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<ViewArguments>();
  CLI::App* command = app.add_subcommand(
      "view", "Show matches, or a sparse model, in a browser");
  command
      ->add_option("PATH", arguments->path,
                   "matches.json of `tiepoint match`, or a folder: that of "
                   "`tiepoint match` or `tiepoint reconstruct`, or a COLMAP "
                   "model (.bin, .txt)")
      ->required();
  command
      ->add_option("-o,--html", arguments->output,
                   "Write one page that needs nothing else and end: the "
                   "matches, or the first model")
      ->type_name("FILE.html");
  command
      ->add_option("--images", arguments->photographs,
                   "Folder of the photographs, where they are not found")
      ->type_name("DIR");
  command
      ->add_option("--port", arguments->port,
                   "Of 127.0.0.1, where the pages are shown; 0: a free one")
      ->type_name("N")
      ->check(CLI::Range(0, 65535).description(""))
      ->capture_default_str();
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Prints an address for the browser of this machine (no other machine is "
      "answered) and\nshows until Ctrl-C. Zoom, move and turn by mouse, touch "
      "or keys; the pages say how.\n\n"
      "Examples:\n"
      "  tiepoint match A.jpg B.jpg -o out && tiepoint view out\n"
      "  tiepoint view out -o matches.html\n"
      "  tiepoint reconstruct photos -o model && tiepoint view model\n");
  command->callback(
      [arguments, &context] { context.exit_code = RunView(*arguments); });
}
