// SPDX-License-Identifier: Apache-2.0
#include "data_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "training/quadruplets.h"
#include "training/split_shards.h"

namespace {

using namespace tiepoint;

constexpr int kRows = 8, kBlocks = 3;  // of quadruplets

struct ShowArguments {
  CommonOptions common;
  std::string shard, pictures;
};

void PrintHead(const ShardReader& shard) {
  const ShardHead& head = shard.Head();
  const ShardCounts counts = CountSamples(shard.Samples());
  fmt::print(
      "kind         {}\npatches      {} pixels, +-{} sigma\n"
      "source       {}\nlicence      {}\nphotographs  {}\nseed         {}\n"
      "points       {}\nviews        {}\nnegatives    {}\n",
      head.kind, head.patch_size, head.support, head.source, head.licence,
      head.photographs.size(), head.seed, counts.points, counts.views,
      counts.negatives);
  for (const auto& [key, value] : head.settings.items()) {
    fmt::print("{:<12} {}\n", key, value.dump());
  }
}

// The patch with its direction.
void DrawPatch(const ShardReader& shard, int index, cv::Mat into) {
  std::vector<uint8_t> patch = shard.Patch(index);
  cv::Mat(into.rows, into.cols, CV_8U, patch.data()).copyTo(into);
  const ShardSample& s = shard.Samples()[index];
  if (s.point < 0 || shard.Head().kind != "quadruplets") return;
  const double middle = (into.cols - 1) / 2.0, reach = into.cols / 4.0;
  cv::line(into, {static_cast<int>(middle), static_cast<int>(middle)},
           {static_cast<int>(middle + reach * std::cos(s.angle)),
            static_cast<int>(middle + reach * std::sin(s.angle))},
           255);
}

// Rows of quadruplets: two views of a point, another point, no point.
cv::Mat DrawSheet(const ShardReader& shard, uint64_t seed) {
  constexpr int kGap = 4;
  const int side = shard.Head().patch_size, step = side + kGap;
  const auto drawn = DrawQuadruplets(shard.Samples(), seed, 0);
  const int count =
      std::min<int>(kRows * kBlocks, static_cast<int>(drawn.size()));
  if (count == 0) throw InputError("the shard has no two points to draw");
  const int block_width = 4 * step + 4 * kGap;
  cv::Mat sheet(kRows * step, kBlocks * block_width, CV_8U, cv::Scalar(0));
  for (int i = 0; i < count; ++i) {
    const Quadruplet& q = drawn[i];
    int column = 0;
    for (const int index : {q.first, q.second, q.other, q.negative}) {
      const cv::Rect place(i / kRows * block_width + step * column++,
                           i % kRows * step, side, side);
      if (index >= 0) DrawPatch(shard, index, sheet(place));
    }
  }
  return sheet;
}

int RunShow(const ShowArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  const ShardReader shard(arguments.shard);
  if (!arguments.common.quiet) PrintHead(shard);
  if (!arguments.pictures.empty()) {
    std::vector<uint8_t> file;
    cv::imencode(".png", DrawSheet(shard, arguments.common.seed), file);
    WriteFileAtomically(
        arguments.pictures,
        std::string_view(reinterpret_cast<const char*>(file.data()),
                         file.size()));
  }
  return kExitAnswer;
}

}  // namespace

void AddDataShow(CLI::App& data, CommandContext& context) {
  const auto arguments = std::make_shared<ShowArguments>();
  CLI::App* command =
      data.add_subcommand("show", "What is in a shard of training samples");
  command->add_option("SHARD", arguments->shard, "A file of `data prepare`")
      ->required();
  command
      ->add_option("--pictures", arguments->pictures,
                   "Draws 24 quadruplets: two views of a point with its "
                   "direction, another point, a place without one")
      ->type_name("FILE.png");
  AddCommonOptions(*command, arguments->common);
  command->callback(
      [arguments, &context] { context.exit_code = RunShow(*arguments); });
}
