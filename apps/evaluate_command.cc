// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "evaluate_arguments.h"
#include "evaluate_options.h"
#ifdef TIEPOINT_WITH_TRAINING
#include "evaluate_parity.h"
#endif
#include "evaluate_patch_set.h"
#include "evaluate_run.h"

namespace {

using AddOptions = void (*)(CLI::App&, EvaluateArguments&);

// One subcommand; `positional`: photographs may be named without --data.
void AddProtocol(CLI::App& evaluate, CommandContext& context,
                 const std::string& name, const std::string& text,
                 const std::string& data, const std::string& example,
                 const std::vector<AddOptions>& more, bool positional = false) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  if (name == "all") {
    arguments->one_a_set = true;
    arguments->rotation.step = 30;
    arguments->sfm.max_photographs = 20;
    arguments->sfm.only_with_truth = true;
    arguments->pose.estimators = {"magsac", "ratio+magsac", "learned+guided",
                                  "learned+regression"};
  }
  CLI::App* command = evaluate.add_subcommand(name, text);
  command
      ->add_option(positional ? "--data,PHOTOGRAPHS" : "--data",
                   arguments->folders, data)
      ->type_name("PATH")
      ->required();
  for (const AddOptions& add : more) add(*command, *arguments);
  AddEvaluationOptions(*command, *arguments);
  command->footer("Example:\n  tiepoint evaluate " + name + " " + example);
  command->callback([arguments, name, &context] {
    context.exit_code = RunEvaluation(*arguments, name);
  });
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, CommandContext& context) {
  CLI::App* evaluate = app.add_subcommand(
      "evaluate", "Measure presets where the truth is known");
  evaluate->require_subcommand(1);
  evaluate->footer(
      "Each protocol: tiepoint evaluate NAME --help. What is measured and how: "
      "docs/evaluation.md.");
  const std::string planes =
      "Folders with homography sequences (H1to2p, H_1_2) or photographs of "
      "fixed cameras, searched recursively";
  const std::string photographs =
      "Photographs, or folders of which each sequence gives its first";
  AddProtocol(*evaluate, context, "repeatability",
              "Are the same keypoints found again?", planes,
              "--data webcam --presets default,sift,akaze", {AddPairs});
  AddProtocol(*evaluate, context, "matching",
              "Are keypoints of a plane matched rightly?", planes,
              "--data hpatches --data oxford_affine --pairs 1-2 --presets "
              "default,rootsift --check",
              {AddPairs, AddFilter, AddMatchingOptions});
  AddProtocol(*evaluate, context, "homography",
              "How well is the homography estimated from the matches?", planes,
              "--data hpatches --presets default,rootsift",
              {AddPairs, AddRuns, AddFilter, AddHomographyOptions});
  AddProtocol(*evaluate, context, "rotation",
              "A photograph against itself turned by 0..360 degrees",
              photographs,
              "photo.jpg --presets default,rootsift --step 15 --check",
              {AddFilter, AddRotationOptions}, true);
  AddProtocol(*evaluate, context, "scale",
              "A photograph against itself resized by 1/4..4", photographs,
              "photo.jpg --presets default,rootsift",
              {AddFilter, AddScaleOptions}, true);
  AddProtocol(*evaluate, context, "patches",
              "Do descriptors tell patches of a point from others?",
              "Folders of Brown/UBC form (patches0000.bmp, info.txt, m50_*)",
              "--data liberty --presets default,rootsift", {});
  AddPatchSet(*evaluate, context);
  AddProtocol(*evaluate, context, "pose",
              "The relative pose of two photographs, against the true one",
              "Folders with gt_cameras.txt, COLMAP models or pair lists, "
              "searched recursively",
              "--data strecha --data pose --presets default,rootsift "
              "--estimators magsac,tiepoint",
              {AddPoseOptions, AddRatio, AddRuns});
  AddProtocol(*evaluate, context, "sfm",
              "A whole reconstruction by COLMAP from our matches",
              "Folders of photographs, with truth or without",
              "--data strecha/fountain-P11 --presets default,rootsift",
              {AddSfmOptions, AddSfmFilter, AddRatio});
  AddProtocol(
      *evaluate, context, "all",
      "Every protocol that finds its truth in the folders; turns by 30 degrees "
      "and resizes one photograph of each set",
      "Folders, searched recursively",
      "--data eval --presets default,rootsift --report report.html "
      "--markdown results.md",
      {AddPairs, AddRuns, AddPoseOptions, AddSfmOptions, AddRatio});
#ifdef TIEPOINT_WITH_TRAINING
  AddParity(*evaluate, context);
#endif
}
