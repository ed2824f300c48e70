// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "command.h"
#include "data_matches.h"
#include "data_show.h"
#include "data_sources.h"
#include "feature_options.h"
#include "progress_line.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/hpatches.h"
#include "tiepoint/pipeline/stopwatch.h"
#include "training/patch_shards.h"
#include "training/sfm_quadruplets.h"
#include "training/warp_quadruplets.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

constexpr int kMaxSide = 1024;  // of photographs that are warped

struct PrepareArguments {
  CommonOptions common;
  std::vector<std::string> folders;
  std::string output, model, depth, licence;
  std::string preset = "sift";
  ExtractorOptions extractor;
  bool reconstruct = false;
  bool project = false;
  bool fixed_camera = false;
  int warps = 0;  // pairs of views a photograph; 0: where there is no model
  double support = 12;
  int patch_size = 128;
};

// One folder of photographs on its way to shards.
class Preparation {
 public:
  Preparation(const PrepareArguments& arguments, const ProgressLine& line,
              const std::string& folder)
      : arguments_(arguments),
        line_(line),
        source_(FindDataSource(folder, arguments.model, arguments.licence)),
        output_((fs::path(arguments.output) / source_.name).string()) {}

  const std::string& Name() const { return source_.name; }

  void Run() {
    EnsureWritableFolder(output_);
    if (source_.form != DataForm::kPhotographs) return MakeFromPatches();
    if (arguments_.fixed_camera) return MakeStack();
    if (source_.model.empty() && arguments_.reconstruct) Reconstruct();
    if (!source_.model.empty()) MakeFromModel();
    if (source_.model.empty() || arguments_.warps > 0) MakeFromWarps();
  }

 private:
  std::string Below(const std::string& name) const {
    return (fs::path(output_) / name).string();
  }

  void Say(const std::string& text) const {
    line_.Show("");
    if (arguments_.common.quiet) return;
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }

  void SayCounts(const std::string& folder, double seconds) const {
    std::string text = fmt::format("{}/{}:", source_.name,
                                   fs::path(folder).filename().string());
    uintmax_t bytes = 0;
    for (const Split split : kSplits) {
      const std::string path = ShardPath(folder, split);
      bytes += fs::file_size(path);
      const ShardCounts c = CountSamples(ShardReader(path).Samples());
      text +=
          fmt::format(" {} {} points, {} views, {} negatives;",
                      tiepoint::Name(split), c.points, c.views, c.negatives);
    }
    text += fmt::format(" {:.1f} MB", static_cast<double>(bytes) / 1e6);
    Say(text + (seconds > 0 ? fmt::format(", {:.0f} s", seconds)
                            : std::string(", made before")));
  }

  void Describe(ShardHead& head) const {
    head.source = source_.name;
    head.licence = source_.licence;
    head.settings["checksum"] = ContentChecksum(source_);
  }

  // Makes the shards of one folder unless they are there.
  template <typename Make>
  void MakeShards(const std::string& name, ShardHead head, const Make& make) {
    const std::string folder = Below(name);
    Describe(head);
    EnsureWritableFolder(folder);
    if (AreShardsMade(folder, head)) return SayCounts(folder, 0);
    Stopwatch stopwatch;
    SplitShards shards(folder, head);
    make(shards);
    shards.Finish();
    SayCounts(folder, stopwatch.Lap());
  }

  // Sets of others: one shard, without splits.
  void MakeFromPatches() {
    const std::string path = Below("patches.shard");
    const bool brown = source_.form == DataForm::kBrown;
    const auto sequences = FindHPatchesSequences(source_.folder);
    ShardHead head =
        brown ? BrownHead(PatchSet(source_.folder)) : HPatchesHead(sequences);
    Describe(head);
    if (!IsShardMade(path, head)) {
      ShardWriter shard(path, head);
      if (brown) {
        AddBrownPatches(PatchSet(source_.folder), shard);
      } else {
        AddHPatches(sequences, shard);
      }
      shard.Finish();
    }
    const ShardCounts c = CountSamples(ShardReader(path).Samples());
    Say(fmt::format("{}: {} points, {} patches", path, c.points, c.views));
  }

  void MakeFromModel() {
    const ColmapModel model = ReadColmapModel(source_.model);
    SfmQuadrupletOptions options;
    options.support = arguments_.support;
    options.patch_size = arguments_.patch_size;
    options.places.project = arguments_.project;
    if (!arguments_.depth.empty()) {
      options.places.depth = DepthMaps(arguments_.depth, model);
    }
    const int total = 2 * static_cast<int>(model.images.size());
    int reads = 0;
    const auto read = [&](const ColmapImage& image) {
      line_.Count(std::min(reads++, total - 1), total,
                  source_.name + " " + image.name);
      return ReadImage((fs::path(source_.images) / image.name).string()).gray;
    };
    const uint64_t seed = arguments_.common.seed;
    MakeShards(
        "sfm", SfmQuadrupletHead(model, options, seed),
        [&](SplitShards& shards) {
          if (AddSfmQuadruplets(model, read, options, seed, shards) == 0) {
            throw InputError(source_.model +
                             ": no point has two usable views in one split");
          }
        });
  }

  void MakeFromWarps() {
    WarpQuadrupletOptions options;
    options.support = arguments_.support;
    options.patch_size = arguments_.patch_size;
    if (arguments_.warps > 0) options.pairs = arguments_.warps;
    const uint64_t seed = arguments_.common.seed;
    ShardHead head = WarpQuadrupletHead(source_.names, options, seed);
    head.settings["max_side"] = kMaxSide;
    MakeShards("warps", std::move(head), [&](SplitShards& shards) {
      const PhotographStore photographs(source_.paths, kMaxSide);
      if (photographs.Size() != static_cast<int>(source_.paths.size())) {
        throw InputError(source_.folder +
                         ": remove the photographs that cannot be used");
      }
      AddWarpQuadruplets(photographs, options, seed, shards, [&](int done) {
        line_.Count(done, photographs.Size(), source_.name + " warps");
      });
    });
  }

  void Reconstruct() {
    const std::string model = Below("model");
    if (!fs::is_directory(model)) {
      Stopwatch stopwatch;
      const std::string summary = ReconstructInto(
          source_, arguments_.preset, arguments_.extractor, model,
          [&](const std::string& text) { line_.Show(text); });
      Say(fmt::format("{}: {}, {:.0f} s", source_.name, summary,
                      stopwatch.Lap()));
    }
    if (fs::is_directory(model)) source_.model = model;
  }

  void MakeStack() {
    const std::string path = Below("stack.json");
    if (!fs::exists(path)) {
      WriteFileAtomically(path, StackJson(source_, [&](int done, int total) {
                            line_.Count(done, total, source_.name);
                          }));
    }
    Say(source_.name + ": " + path);
  }

  const PrepareArguments& arguments_;
  const ProgressLine& line_;
  DataSource source_;
  std::string output_;
};

int RunPrepare(const PrepareArguments& arguments) {
  ApplyCommonOptions(arguments.common);
  if (!arguments.model.empty() && arguments.folders.size() > 1) {
    throw InputError("--model belongs to one folder of photographs");
  }
  if (!arguments.depth.empty() && !arguments.project) {
    throw InputError("--depth is for --project alone");
  }
  EnsureWritableFolder(arguments.output);
  const ProgressLine line(arguments.common.quiet);
  std::vector<Preparation> preparations;
  std::set<std::string> names;
  for (const std::string& folder : arguments.folders) {
    preparations.emplace_back(arguments, line, folder);
    if (!names.insert(preparations.back().Name()).second) {
      throw InputError(folder + ": another folder has the same name");
    }
  }
  for (Preparation& preparation : preparations) preparation.Run();
  return kExitAnswer;
}

void AddPrepare(CLI::App& data, CommandContext& context) {
  const auto arguments = std::make_shared<PrepareArguments>();
  CLI::App* command = data.add_subcommand(
      "prepare", "Cut photographs into shards of training samples");
  command
      ->add_option("--photographs", arguments->folders,
                   "Folders of photographs; one with sparse/ (a COLMAP model) "
                   "and images/ is cut along its points. Sets of patches of "
                   "Brown (info.txt) and HPatches (ref.png) are taken, too")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("-o,--output", arguments->output,
                   "Folder of the shards; what is there is not made again")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--model", arguments->model,
                   "COLMAP model of the photographs, instead of sparse/")
      ->type_name("DIR");
  command->add_flag("--reconstruct", arguments->reconstruct,
                    "Run COLMAP on our features where there is no model; the "
                    "model is kept beside the shards");
  AddPresetOption(*command, arguments->preset);
  AddExtractorOptions(*command, arguments->extractor);
  command->add_flag("--project", arguments->project,
                    "Also cut points from photographs that see them without "
                    "an observation: harder than what was matched");
  command
      ->add_option("--depth", arguments->depth,
                   "Depth maps (NAME.h5, data set 'depth') that decide what "
                   "is seen with --project")
      ->type_name("DIR");
  command
      ->add_option("--warps", arguments->warps,
                   "Pairs of warped views of each photograph; 0: 4 where "
                   "there is no model, else none")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  command
      ->add_option("--support", arguments->support,
                   "Half width of the patches, in scales of the keypoint: "
                   "1.42 times what a network takes, so that it can be turned "
                   "(log-polar networks: 28); what is outside the photograph "
                   "is filled by reflection")
      ->type_name("SCALES")
      ->check(CLI::Range(1.0, 64.0))
      ->capture_default_str();
  command
      ->add_option("--patch-size", arguments->patch_size,
                   "Side of the patches, pixels")
      ->type_name("PIXELS")
      ->check(CLI::Range(8, 1024))
      ->capture_default_str();
  command->add_flag("--fixed-camera", arguments->fixed_camera,
                    "Photographs of one scene by a camera that does not move: "
                    "list them and the places that are detected repeatedly");
  command
      ->add_option("--licence", arguments->licence,
                   "Of the photographs (default: from their LICENSE file)")
      ->type_name("TEXT");
  AddCommonOptions(*command, arguments->common);
  command->footer(
      "Example:\n"
      "  tiepoint data prepare --photographs castle market -o shards\n"
      "  tiepoint data show shards/castle/sfm/train.shard --pictures a.png\n\n"
      "The forms and what they are for: docs/training_data.md.");
  command->callback(
      [arguments, &context] { context.exit_code = RunPrepare(*arguments); });
}

}  // namespace

void AddDataCommand(CLI::App& app, CommandContext& context) {
  CLI::App* data =
      app.add_subcommand("data", "Training data: make it, look at it");
  data->require_subcommand(1);
  AddPrepare(*data, context);
  AddDataMatches(*data, context);
  AddDataShow(*data, context);
}
