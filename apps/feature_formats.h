// SPDX-License-Identifier: Apache-2.0
// File formats with a file a photograph, and what `export` and `import` share.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/features/keypoint.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/io/lowe_text.h"
#include "tiepoint/io/match_file.h"

// What becomes of descriptors in formats that hold the bytes of SIFT.
enum class DescriptorMode {
  kAuto,  // written where bytes keep what they say (sift_bytes.h)
  kSift,  // written in any case: 128 numbers, negative ones become 0
  kNone,  // left out
};
DescriptorMode ParseDescriptorMode(const std::string& name);

// "colmap-text", "vgg", "lowe", "npz".
bool HasFileAPhotograph(const std::string& format);
// The file of a photograph below the folder: "a/b.jpg.key".
std::string FileOfPhotograph(const std::string& format,
                             const std::string& photograph);
// The photograph of a file ("b.jpg" of "b.jpg.key"); empty when the file's name
// does not end as those of the format do.
std::string PhotographOfFile(const std::string& format,
                             const std::string& file);

struct FormatOptions {
  DescriptorMode descriptors = DescriptorMode::kAuto;
  tiepoint::LoweOrder lowe_order = tiepoint::LoweOrder::kRowColumn;
};

// The descriptors that the format gets by `mode`; others are taken out. Throws
// InputError where the format needs what they are not; `name` of the
// photograph.
void PrepareDescriptors(const std::string& format, DescriptorMode mode,
                        const std::string& name,
                        tiepoint::FeatureSet& features);

// Content of such a file, and back; `where` for messages.
std::string FormatContent(const std::string& format,
                          const tiepoint::FeatureSet& features,
                          const FormatOptions& options);
tiepoint::FeatureSet ParseFormat(const std::string& format,
                                 const std::string& content,
                                 const std::string& where,
                                 const FormatOptions& options);

// Width and height of a photograph from its file.
std::pair<int, int> PhotographSize(const std::string& path);

// A pair of a match file by the names of the feature file, i below j matches.
struct NamedPair {
  std::string first, second;
  tiepoint::MatchedPair matched;
};

// Finds the photographs of a match file among `names`.
class PairNames {
 public:
  explicit PairNames(const std::vector<std::string>& names);
  // The pair as the files name it. Throws InputError (`where` begins it) when a
  // name is not among them, or stands for two of them.
  std::pair<std::string, std::string> Find(
      const std::string& where,
      const std::pair<std::string, std::string>& pair) const;

 private:
  std::multimap<std::string, std::string> names_;  // by name in match files
};

// A file that takes its place when it is whole: written under another name,
// which is removed unless Commit is called.
class PartFile {
 public:
  // Throws InputError when `path` exists or its folder cannot be written.
  explicit PartFile(const std::string& path);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::string& Path() const { return part_; }
  void Commit();

 private:
  std::string path_, part_;
};
