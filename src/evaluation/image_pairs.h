// SPDX-License-Identifier: Apache-2.0
// Which photographs of a folder tree are compared where a homography is the
// truth: homography sequences (homography_set.h) and fixed cameras.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/homography_set.h"
#include "evaluation/protocol.h"
#include "tiepoint/geometry/two_view.h"

namespace tiepoint {

struct ImagePair {
  std::string set;       // "oxford_affine"
  std::string sequence;  // "graf"
  std::string name;      // "1-2": numbers of the photographs, from 1
  std::string path1, path2;
  Matrix3 homography{1, 0, 0, 0, 1, 0, 0, 0, 1};  // x2 ~ H x1, stored pixels
  bool fixed_camera = false;                      // then H is the identity
};

// Longer side of the working images; 0: as stored. Those of fixed cameras are
// small, and published numbers on them are at their own size.
struct PairImageSize {
  int sequences = 1024;
  int fixed_cameras = 0;

  int Of(const ImagePair& pair) const {
    return pair.fixed_camera ? fixed_cameras : sequences;
  }
};
Json ToJson(const PairImageSize& size);

struct ImagePairOptions {
  // Only pairs of these names ("1-2"); empty: all.
  std::vector<std::string> names;
};

// The pairs of all sequences in the folders and below them, ordered by folder,
// then by number. A folder with H1toKp or H_1_K is a homography sequence: pairs
// 1-K. A folder without any truth but with at least 4 photographs is a fixed
// camera: sorted by name, photograph i is paired with i + n/2 (TILDE's rule).
// Folders of other protocols are passed over with all below them: those with
// gt_cameras.txt or sparse/ (cameras), or ref.png (HPatches patches).
//
// A folder given may hold several sets, one set, or be one sequence. The
// sequence is named by its path below the set, and the set is
//   the topmost folder below the one given, when sequences lie deeper;
//   the folder given, when it holds the sequence;
//   the folder above the one given, when that is the sequence.
//
// Throws InputError: a folder that does not exist or holds no pair, a name that
// is not of the form "1-2", names that no pair has, damaged truth.
std::vector<ImagePair> FindImagePairs(const std::vector<std::string>& folders,
                                      const ImagePairOptions& options = {});

// One photograph, named like a pair.
struct ScenePhotograph {
  std::string set, sequence, path;
};

// The photographs themselves where files are given; the first by name of each
// folder that has photographs (whatever its truth; a folder "images" goes by
// the name of its parent) where folders are. Throws InputError when there is
// none.
std::vector<ScenePhotograph> FindScenePhotographs(
    const std::vector<std::string>& paths);

// The items of a protocol over pairs, and the pair of each item.
class PairList {
 public:
  explicit PairList(std::vector<ImagePair> pairs);

  const std::vector<Item>& Items() const { return items_; }
  // The pair of an item of this list.
  const ImagePair& Of(const Item& item) const;
  // Changes when a homography does (for Settings).
  uint64_t TruthChecksum() const;

 private:
  std::vector<ImagePair> pairs_;
  std::vector<Item> items_;
  std::map<std::pair<std::string, std::string>, size_t> index_;  // by paths
};

}  // namespace tiepoint
