// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "choices.h"
#include "command.h"
#ifdef TIEPOINT_WITH_ONNX
#include "export_onnx.h"
#endif
#include "tiepoint/base/error.h"
#include "tiepoint/features/separable_tilde.h"
#include "tiepoint/io/export_tilde.h"
#include "tiepoint/io/import_weights.h"
#include "tiepoint/network/consensus_model.h"
#include "tiepoint/network/oriented_model.h"
#include "tiepoint/pipeline/calibrate.h"
#include "tiepoint/pipeline/preset.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

// The weights that presets use.
const std::vector<std::string> kNames = {
    "jet_detector",         "oriented", "lift_detector", "lift_orientation",
    "orientation_logpolar", "deepdesc", "logpolar",      "tilde",
    "correspondence"};

template <typename AnyModel>
int64_t NumParameters(const AnyModel& model) {
  int64_t count = 0;
  for (const auto& [name, tensor] : model.weights) count += tensor.Size();
  return count;
}

int64_t NumParameters(const OrientedModel& model) {
  return NumParameters(model.trunk) + NumParameters(model.orientation) +
         NumParameters(model.descriptor);
}

std::string ShapeText(const Shape& shape) {
  return fmt::format("{} x {} x {}", shape.channels, shape.height, shape.width);
}

// A name of weights, or the path of a file.
std::string Resolve(const std::string& models, const std::string& name) {
  return fs::is_regular_file(name) ? name : FindModel(models, name);
}

std::string NormalisationText(const Model& model) {
  if (!model.pixel_mean.empty()) return "each pixel by its own mean, deviation";
  if (model.per_patch) return "each patch to mean 0, deviation 1";
  return fmt::format("(intensity - {:g}) / {:g}", model.mean, model.deviation);
}

void List(const std::string& models) {
  fmt::print("{:<22}{:<20}{:>12}{:>10}  {}\n", "name", "architecture",
             "parameters", "MMAC", "file");
  for (const std::string& name : kNames) {
    std::string path;
    try {
      path = FindModel(models, name);
    } catch (const InputError&) {
      fmt::print("{:<22}not found\n", name);
      continue;
    }
    if (ArchitectureInFile(path) == "correspondence") {
      const ConsensusModel model = ReadConsensusModel(path);
      fmt::print("{:<22}{:<20}{:>12}{:>10.2f}  {}\n", name, "correspondence",
                 NumParameters(model), MultiplyAdds(model.spec) / 1e6, path);
      continue;
    }
    if (IsOrientedFile(path)) {
      const OrientedModel model = ReadOrientedModel(path);
      fmt::print("{:<22}{:<20}{:>12}{:>10.2f}  {}\n", name, "oriented",
                 NumParameters(model), MultiplyAdds(model) / 1e6, path);
      continue;
    }
    const Model model = ReadModel(path);
    fmt::print("{:<22}{:<20}{:>12}{:>10.2f}  {}\n", name,
               model.spec.architecture, NumParameters(model),
               MultiplyAdds(model.spec) / 1e6, path);
  }
}

void PrintRow(const std::string& key, const std::string& value) {
  fmt::print("{:<21} {}\n", key, value);
}

void PrintNotes(const Model& model) {
  for (const auto& [key, value] : model.notes) {
    const bool said = key == "mean" || key == "deviation" || key == "per_patch";
    if (!said) PrintRow(key, value);
  }
}

void ShowOriented(const std::string& path) {
  const OrientedModel model = ReadOrientedModel(path);
  const auto parts = [&](const auto& number) {
    const double trunk = number(model.trunk);
    const double angle = number(model.orientation);
    const double descriptor = number(model.descriptor);
    return fmt::format("{:g}: common layers {:g}, angle {:g}, descriptor {:g}",
                       trunk + angle + descriptor, trunk, angle, descriptor);
  };
  PrintRow("file", path);
  PrintRow("architecture", "oriented: angle and descriptor of a patch");
  PrintRow("input",
           ShapeText(model.trunk.spec.input) + " (channels x height x width)");
  PrintRow("output", "angle; " + ShapeText(OutputShape(model.descriptor.spec)));
  PrintRow("normalisation", NormalisationText(model.trunk));
  PrintRow("parameters", parts([](const Model& part) {
             return static_cast<double>(NumParameters(part));
           }));
  PrintRow("multiply-adds",
           "millions a sample, " + parts([](const Model& part) {
             return std::round(MultiplyAdds(part.spec) / 1e4) / 100;
           }));
  PrintNotes(model.trunk);
}

void ShowConsensus(const std::string& path) {
  const ConsensusModel model = ReadConsensusModel(path);
  const ConsensusSpec& spec = model.spec;
  std::string blocks;
  for (const int count : spec.blocks) {
    blocks += (blocks.empty() ? "" : " + ") + std::to_string(count);
  }
  PrintRow("file", path);
  PrintRow("architecture", "correspondence");
  PrintRow("input", fmt::format("{} numbers a match", spec.inputs));
  PrintRow("residual blocks",
           fmt::format("{} of {} channels", blocks, spec.channels));
  PrintRow("attention", spec.attention ? "yes" : "no");
  PrintRow("parameters", fmt::format("{}", NumParameters(model)));
  PrintRow("multiply-adds",
           fmt::format("{:.2f} million a match", MultiplyAdds(spec) / 1e6));
  for (const auto& [key, value] : model.notes) PrintRow(key, value);
}

void Show(const std::string& models, const std::string& name) {
  const std::string path = Resolve(models, name);
  if (ArchitectureInFile(path) == "correspondence") return ShowConsensus(path);
  if (IsOrientedFile(path)) return ShowOriented(path);
  const Model model = ReadModel(path);
  const NetworkSpec& spec = model.spec;
  const auto row = PrintRow;
  row("file", path);
  row("architecture", spec.architecture);
  row("input", ShapeText(spec.input) + " (channels x height x width)");
  row("output", ShapeText(OutputShape(spec)));
  row("normalisation", NormalisationText(model));
  row("parameters", fmt::format("{}", NumParameters(model)));
  row("multiply-adds",
      fmt::format("{:.2f} million a sample", MultiplyAdds(spec) / 1e6));
  PrintNotes(model);
}

void Import(const std::string& source, const std::string& target) {
  if (!target.ends_with(".safetensors")) {
    throw InputError("-o " + target + ": must end in .safetensors");
  }
  const Model model = ImportModel(source);
  WriteModel(target, model);
  fmt::print("{}: {}, {} parameters\n", target, model.spec.architecture,
             NumParameters(model));
  const auto licence = model.notes.find("licence");
  if (licence != model.notes.end())
    fmt::print("licence: {}\n", licence->second);
}

// Filters of TILDE in their authors' text form.
void ExportTilde(const std::string& path, const std::string& target, int rank) {
  const TildeFilters filters = TildeFiltersOf(ReadModel(path));
  if (rank == 0) {
    WriteTildeFilters(target, filters);
    fmt::print("{}: {} filters\n", target, filters.bias.size());
    return;
  }
  const SeparableTilde separable = SeparateTilde(filters, rank);
  WriteTildeFilters(target, separable);
  fmt::print("{}: {} separable filters a channel, relative error {:.3f}\n",
             target, rank, RelativeDifference(filters, DenseTilde(separable)));
}

// The form is told by the ending.
void Export(const std::string& models, const std::string& name,
            const std::string& target, int rank) {
  const std::string path = Resolve(models, name);
  if (!target.ends_with(".onnx")) {
    const std::string architecture = ArchitectureInFile(path);
    if (!architecture.empty() && architecture != "tilde") {
      throw InputError("-o " + target +
                       ": must end in .onnx (.txt only for filters of TILDE)");
    }
    return ExportTilde(path, target, rank);
  }
  if (rank > 0) {
    throw InputError("--separable: only in the text form of TILDE (.txt)");
  }
#ifdef TIEPOINT_WITH_ONNX
  for (const std::string& written : ExportOnnx(path, target)) {
    fmt::print("written  {}\n", written);
  }
#else
  throw InputError("-o " + target +
                   ": this program was built without ONNX (libonnx-dev)");
#endif
}

}  // namespace

void AddModelsCommand(CLI::App& app, CommandContext& context) {
  struct Arguments {
    std::string models, name, output;
    std::vector<std::string> photographs;
    int rank = 0;
    bool only_when_asked = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("models", "The weights that are installed");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  tiepoint models list\n"
      "  tiepoint models show deepdesc\n"
      "  tiepoint models import CNN3.t7 -o deepdesc_released.safetensors\n"
      "  tiepoint models export oriented -o oriented.onnx\n"
      "  tiepoint models export tilde -o tilde24.txt --separable 4");
  const auto add = [&](const char* name, const char* text) {
    CLI::App* sub = command->add_subcommand(name, text);
    sub->add_option("--models", arguments->models,
                    "Folder of the weights; several with ':' between them")
        ->type_name("DIR");
    return sub;
  };
  add("list", "All weights in one table")->callback([arguments, &context] {
    List(arguments->models);
    context.exit_code = kExitAnswer;
  });
  CLI::App* show = add("show", "What one file says about itself");
  show->add_option("NAME", arguments->name, "Name, or path of a file")
      ->required()
      ->check(Suggested(kNames));
  show->callback([arguments, &context] {
    Show(arguments->models, arguments->name);
    context.exit_code = kExitAnswer;
  });
  CLI::App* importing = command->add_subcommand(
      "import",
      "Networks that others published, in our format: DeepDesc (.t7), LIFT's "
      "descriptor (.h5), a folder of an orientation network (.npy)");
  importing->add_option("FILE", arguments->name, "What was published")
      ->required();
  importing->add_option("-o,--output", arguments->output, "File to write")
      ->type_name("OUT.safetensors")
      ->required();
  importing->callback([arguments, &context] {
    Import(arguments->name, arguments->output);
    context.exit_code = kExitAnswer;
  });
  CLI::App* calibrating = add(
      "calibrate", "The weights with the ranges of numbers that int8 needs");
  calibrating->add_option("NAME", arguments->name, "Name, or path of a file")
      ->required()
      ->check(Suggested(kNames));
  calibrating
      ->add_option("PHOTOGRAPHS", arguments->photographs,
                   "What the ranges are measured on")
      ->required();
  calibrating->add_option("-o,--output", arguments->output, "File to write")
      ->type_name("OUT.safetensors")
      ->required();
  calibrating->add_flag("--only-when-asked", arguments->only_when_asked,
                        "int8 by --precision int8 alone, never as the fastest");
  calibrating->callback([arguments, &context] {
    ExtractorOptions options;
    options.models = arguments->models;
    for (const auto& [name, text] :
         CalibrateWeights(Resolve(arguments->models, arguments->name),
                          arguments->photographs, options, arguments->output,
                          arguments->only_when_asked)) {
      fmt::print("{:<22}{}\n", name, text);
    }
    fmt::print("written  {}\n", arguments->output);
    context.exit_code = kExitAnswer;
  });
  CLI::App* exporting =
      add("export",
          "Networks as ONNX, or filters of TILDE in their authors' text form");
  exporting->add_option("NAME", arguments->name, "Name, or path of a file")
      ->required()
      ->check(Suggested(kNames));
  exporting->add_option("-o,--output", arguments->output, "File to write")
      ->type_name("OUT.onnx|OUT.txt")
      ->required();
  exporting->footer(
      "docs/onnx.md says what the inputs and outputs of each network are, and "
      "what is to be computed before and after. The network on matches has a "
      "file for each of its stages.\n\n"
      "Examples:\n"
      "  tiepoint models export oriented -o oriented.onnx\n"
      "  tiepoint models export correspondence -o correspondence.onnx\n"
      "  tiepoint models export tilde -o tilde24.txt --separable 4");
  exporting
      ->add_option(
          "--separable", arguments->rank,
          "OUT.txt: so many separable filters a channel (the authors' form of "
          "4) in place of full ones")
      ->check(CLI::Range(0, 21).description(""))
      ->type_name("N");
  exporting->callback([arguments, &context] {
    Export(arguments->models, arguments->name, arguments->output,
           arguments->rank);
    context.exit_code = kExitAnswer;
  });
}
