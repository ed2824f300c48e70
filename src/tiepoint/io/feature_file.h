// SPDX-License-Identifier: Apache-2.0
// Features of many photographs in one HDF5 file, in the layout of hloc, so that
// files go both ways. A group a photograph, named by its path (slashes nest):
//   keypoints    N x 2 float32: x, y, centre of the first pixel (0, 0), pixels
//                of the stored file
//   descriptors  D x N float32 (or float16 in files of others)
//   scores       N float32
//   image_size   2 integers: width, height
// and, in files of ours, which other readers pass over:
//   scales       N float32, sigma in pixels
//   oris         N float32, radians from +x toward +y
// Attributes of the root (ours): "tiepoint" (version), "preset", "steps",
// "options" (JSON).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tiepoint/features/keypoint.h"

namespace tiepoint {

// Reads; not thread-safe. Missing scales are 1, missing angles and scores 0.
class FeatureFile {
 public:
  // Throws InputError when the file is missing or is not such a file.
  explicit FeatureFile(const std::string& path);
  ~FeatureFile();

  // Names of the photographs, sorted.
  const std::vector<std::string>& Names() const;
  // Features of the photograph whose name is the longest tail of `path`
  // ("a/b/c.jpg" finds "b/c.jpg", else "c.jpg"). Empty when there is none.
  // Throws InputError for datasets of the wrong shape or type, or numbers that
  // are not finite.
  std::optional<FeatureSet> Find(const std::string& path) const;
  // The root's attributes that are text.
  std::map<std::string, std::string> Attributes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Adds photographs to a file, which is made when it does not exist. What was
// written stays readable whatever happens to the program afterwards.
class FeatureFileWriter {
 public:
  // Throws InputError when the file exists with other `attributes`, or cannot
  // be written.
  FeatureFileWriter(const std::string& path,
                    const std::map<std::string, std::string>& attributes);
  ~FeatureFileWriter();

  bool Has(const std::string& name) const;
  void Add(const std::string& name, const FeatureSet& features);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
