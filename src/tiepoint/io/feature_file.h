// SPDX-License-Identifier: Apache-2.0
// Features of many photographs in one HDF5 file, in the layout of hloc, so that
// files go both ways. A group a photograph, named by its path (slashes nest):
//   keypoints    N x 2 float32: x, y, centre of the first pixel (0, 0), pixels
//                of the stored file
//   descriptors  D x N float32
//   scores       N float32
//   image_size   2 integers: width, height
// and, in files of ours, which other readers pass over:
//   scales       N float32, sigma in pixels
//   oris         N float32, radians from +x toward +y
// Numbers of any type are read (hloc writes float16 where it is asked to).
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

// Reads; not thread-safe. Missing scales are 1, missing angles and scores 0, a
// missing size is 0 x 0, missing descriptors have no columns.
// Photographs are the groups that hold keypoints.
class FeatureFile {
 public:
  // Throws InputError when the file is missing, is not HDF5, or is truncated. A
  // file that a program left half written (see FeatureFileWriter) is repaired.
  explicit FeatureFile(const std::string& path);
  ~FeatureFile();

  // Names of the photographs, sorted.
  const std::vector<std::string>& Names() const;
  // Features of the photograph whose name is the longest tail of `path`
  // ("a/b/c.jpg" finds "b/c.jpg", else "c.jpg"). Empty when there is none.
  // Strongest first (the file's order where scores are equal or missing).
  // Throws InputError for datasets of the wrong shape or type, or numbers that
  // are not finite.
  std::optional<FeatureSet> Find(const std::string& path) const;
  // The same in the order of the file, which files of matches count in.
  std::optional<FeatureSet> FindAsStored(const std::string& path) const;
  // The root's attributes that are text.
  std::map<std::string, std::string> Attributes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Adds photographs to a file, which is made when it does not exist. Each is
// added whole or not at all, and what was added stays readable whenever the
// program ends (not thread-safe, but threads may take turns): a file that was
// left half written (FILE.journal stands beside it then) is repaired when it is
// next opened here.
class FeatureFileWriter {
 public:
  // Throws InputError when the file exists with other `attributes` (the message
  // names one that differs), is being written by another program, or
  // cannot be written.
  FeatureFileWriter(const std::string& path,
                    const std::map<std::string, std::string>& attributes);
  ~FeatureFileWriter();

  bool Has(const std::string& name) const;
  // `name` is a path with slashes. Throws InputError when it is there already
  // or the disk is full.
  void Add(const std::string& name, const FeatureSet& features);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
