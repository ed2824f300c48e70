// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tiepoint/base/error.h"
#include "tiepoint/io/colmap_blobs.h"
#include "tiepoint/io/colmap_database.h"
#include "tiepoint/io/colmap_database_impl.h"

namespace tiepoint {

std::vector<uint32_t> ColmapDatabaseWriter::Impl::MatchBlob(
    int image_id1, int image_id2,
    const std::vector<std::pair<int, int>>& matches) const {
  const auto first = stored.find(image_id1), second = stored.find(image_id2);
  if (first == stored.end() || second == stored.end() ||
      image_id1 == image_id2) {
    throw InputError(PairText(image_id1, image_id2) + "no such pair of images");
  }
  const bool swapped = image_id1 > image_id2;
  std::vector<uint32_t> data;
  data.reserve(matches.size() * 2);
  for (const auto& [i, j] : matches) {
    if (i < 0 || j < 0 || i >= first->second.keypoints ||
        j >= second->second.keypoints) {
      throw InputError(PairText(image_id1, image_id2) +
                       "a match of a keypoint that does not exist");
    }
    data.push_back(static_cast<uint32_t>(swapped ? j : i));
    data.push_back(static_cast<uint32_t>(swapped ? i : j));
  }
  return data;
}

void ColmapDatabaseWriter::AddMatches(
    int image_id1, int image_id2,
    const std::vector<std::pair<int, int>>& matches) {
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, matches);
  if (!SqliteStatement(impl_->connection,
                       "INSERT INTO matches (pair_id, rows, cols, data) VALUES "
                       "(?,?,2,?)")
           .Bind(ColmapPairId(image_id1, image_id2))
           .Bind(std::ssize(matches))
           .BindBlob(data)
           .Insert()) {
    throw InputError(impl_->PairText(image_id1, image_id2) +
                     "their matches are there already");
  }
}

void ColmapDatabaseWriter::AddTwoView(int image_id1, int image_id2,
                                      const ColmapTwoView& added) {
  const std::vector<uint32_t> data =
      impl_->MatchBlob(image_id1, image_id2, added.inliers);
  // From the smaller id to the larger one.
  const ColmapTwoView two_view = image_id1 > image_id2 ? Turned(added) : added;
  const auto matrices = ColmapTwoViewBlobs(two_view);
  SqliteStatement statement(
      impl_->connection,
      std::string("INSERT INTO two_view_geometries (pair_id, rows, cols, data, "
                  "config, F, E, H") +
          (two_view.pose ? ", qvec, tvec" : "") + ") VALUES (?,?,2,?,?,?,?,?" +
          (two_view.pose ? ",?,?)" : ")"));
  statement.Bind(ColmapPairId(image_id1, image_id2))
      .Bind(std::ssize(two_view.inliers))
      .BindBlob(data)
      .Bind(static_cast<int64_t>(two_view.configuration));
  for (const std::vector<double>& matrix : matrices) {
    if (matrix.empty()) {
      statement.BindNull();
    } else {
      statement.BindBlob(matrix);
    }
  }
  if (!statement.Insert()) {
    throw InputError(impl_->PairText(image_id1, image_id2) +
                     "their geometry is there already");
  }
}

void ColmapDatabaseWriter::RemovePair(int image_id1, int image_id2) {
  const int64_t pair = ColmapPairId(image_id1, image_id2);
  impl_->Delete("matches WHERE pair_id", pair);
  impl_->Delete("two_view_geometries WHERE pair_id", pair);
}

}  // namespace tiepoint
