// SPDX-License-Identifier: Apache-2.0
// The values that an option takes, so that shells can offer them (CLI::IsMember
// keeps them to itself). Names hold neither commas nor blanks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

// Nothing but these: others are refused with a list of them. The help is left
// as it is.
CLI::Validator OneOf(const std::vector<std::string>& values);

// These are usual, and nothing is refused here.
CLI::Validator Suggested(const std::vector<std::string>& values);

// What OneOf or Suggested of an option said; none: empty.
std::vector<std::string> ChoicesOf(CLI::Option& option);
