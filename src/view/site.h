// SPDX-License-Identifier: Apache-2.0
// What `tiepoint view` shows of a file or a folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tiepoint {

// A folder may hold one or several of:
//   matches.json        a match of two photographs  /matches
//   cameras.bin (.txt)  a COLMAP model              /model/0
//   sparse/0, ...       several                     /model/0, /model/1, ...
//   report.html         of `tiepoint reconstruct`   /report
//   database.db, matches.h5, features.h5            /pair/I/J
// with I and J the places of photographs among the database's names. "/" is the
// only page, or one that leads to all. What there is is looked for, and files
// are read, when a page is asked for; models and pairs once, and again when the
// time or size of one of their files has changed. Not thread-safe.
class Site {
 public:
  // `path`: such a folder, or the JSON of a match. `photographs`: their folder;
  // empty: the one that `tiepoint reconstruct` noted in stages.json. Throws
  // InputError when there is nothing to show, and when there is a match alone
  // that is damaged or has no photographs.
  Site(const std::string& path, const std::string& photographs);
  ~Site();

  // The HTML of a path; empty when there is none. Throws InputError for files
  // that are missing or damaged; "/" lists them with what is wrong instead.
  std::optional<std::string> Page(const std::string& path);

  // Whether that HTML, when Page was last asked, was a file of the folder,
  // which anybody may have written.
  bool IsForeign(const std::string& path) const;

  // One page that needs no other: the match, else the first model. Throws
  // InputError when there is neither.
  std::string MainPage();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
