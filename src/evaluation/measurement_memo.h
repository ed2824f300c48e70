// SPDX-License-Identifier: Apache-2.0
// Measurements that are kept between runs, so that an evaluation that was cut
// off goes on where it stopped and a second report costs nothing.
#pragma once

#include <optional>
#include <string>

#include "evaluation/protocol.h"

namespace tiepoint {

// A file a measurement in FOLDER/measurements: JSON with the measurement and
// the full text of what it depends on: the program and OpenCV
// (ProgramChecksum), the protocol's name and settings, the features' settings,
// the item, size and time of change of its photographs. The file is named by
// the checksum of that text, which is compared when the file is read.
//
// Everything else that a measurement depends on (ground truth, lists of pairs)
// must be part of Protocol::Settings.
class MeasurementMemo {
 public:
  // `protocol` must outlive the memo. `folder` empty: nothing is kept. Throws
  // InputError when the folder cannot be written.
  MeasurementMemo(const std::string& folder, const Protocol& protocol);

  // Empty when it was not measured, or when the file is damaged or of something
  // else.
  std::optional<Measurement> Find(const FeatureSource& source,
                                  const Item& item) const;
  void Keep(const FeatureSource& source, const Item& item,
            const Measurement& measurement) const;

 private:
  std::string Key(const FeatureSource& source, const Item& item) const;
  std::string Path(const std::string& key) const;

  std::string folder_;
  const Protocol& protocol_;
};

}  // namespace tiepoint
