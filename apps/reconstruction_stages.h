// SPDX-License-Identifier: Apache-2.0
// Which stages of a reconstruction are done in its folder, and with what. Each
// stage has a key: the checksum of all that its result depends on. A stage is
// done when its key stands in DIR/stages.json, which is written after the
// result is whole: so a program that is killed does a stage again, or not.
#pragma once

#include <string>

class ReconstructionStages {
 public:
  explicit ReconstructionStages(const std::string& folder);

  bool Done(const std::string& stage, const std::string& key) const;
  // Of a stage; empty when it is not done.
  std::string Key(const std::string& stage) const;
  // Throws tiepoint::InputError when it cannot be written.
  void SetDone(const std::string& stage, const std::string& key) const;

 private:
  std::string path_;
};

// 16 hexadecimal digits of a text (base/checksum.h).
std::string StageKey(const std::string& text);
