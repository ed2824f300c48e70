// SPDX-License-Identifier: Apache-2.0
#include "format_options.h"

#include "choices.h"

void AddFormatArgument(CLI::App& command, std::string& format) {
  command
      .add_option("FORMAT", format,
                  "colmap (database), colmap-text, hloc, vgg, lowe or npz")
      ->check(OneOf({"colmap", "colmap-text", "hloc", "vgg", "lowe", "npz"}))
      ->required();
}

void AddLoweOrderOption(CLI::App& command, std::string& order) {
  command
      .add_option("--lowe-order", order,
                  "lowe: yx (as Lowe) or xy (as some others)")
      ->check(OneOf({"yx", "xy"}))
      ->type_name("NAME")
      ->capture_default_str();
}

tiepoint::LoweOrder ParseLoweOrder(const std::string& order) {
  return order == "xy" ? tiepoint::LoweOrder::kColumnRow
                       : tiepoint::LoweOrder::kRowColumn;
}
