// SPDX-License-Identifier: Apache-2.0
// The page from which `tiepoint view` leads to the others.
#pragma once

#include <string>
#include <vector>

namespace tiepoint {

struct IndexEntry {
  std::string address;  // of a page
  std::string name;
  std::vector<std::string> cells;  // one for each column but the first
  // Why there is no such page; stands in place of the cells, and nothing leads
  // to the address.
  std::string error{};
};

struct IndexSection {
  std::string title;
  std::string about;                 // after the title; may be empty
  std::vector<std::string> columns;  // of a table; empty: a list of names
  std::vector<IndexEntry> entries;
};

// HTML. Sections without entries are left out.
std::string IndexPage(const std::string& title,
                      const std::vector<IndexSection>& sections);

// A page that says one line, such as what went wrong.
std::string MessagePage(const std::string& title, const std::string& line);

}  // namespace tiepoint
