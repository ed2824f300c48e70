// SPDX-License-Identifier: Apache-2.0
#include "train_command.h"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "training/train.h"

namespace tiepoint {
namespace {

constexpr char kHelp[] = R"(tiepoint train - train a network from photographs

  tiepoint train descriptor  --data DIR --output deepdesc.safetensors
  tiepoint train orientation --data DIR --descriptor deepdesc.safetensors
                             --output lift_orientation.safetensors
  tiepoint train detector    --data DIR --output lift_detector.safetensors
  tiepoint train tilde       --data DIR --output tilde.safetensors
  tiepoint train lift        --data DIR --detector A --orientation B
                             --descriptor C --output tuned.safetensors

  --data DIR            photographs (.jpg, .png), searched below; repeatable
  --output FILE         weights; FILE.checkpoint beside it is resumed from
  --architecture NAME   descriptor: deepdesc (default), deepdesc-dense,
                        deepdesc-sparse or logpolar
  --descriptor FILE     orientation: the frozen descriptor; lift: to begin with
  --detector FILE, --orientation FILE  lift: to begin with
  --freeze NAMES        lift: what stays as it is, e.g. detector,orientation
  --class-weight X, --place-weight X, --angle-weight X
                        lift: weights of the other terms (0.1, 0.1, 0.3)
  --iterations N        steps (default 1500)
  --batch N             pairs a step (default 512; orientation 256, detector, lift 64;
                        tilde: 16 pictures)
  --learning-rate X     of Adam, falling along a cosine (default 0.002)
  --loss NAME           descriptor: hardnet (default) or hinge (DeepDesc)
  --mining N            hinge: learn from the hardest 1/N (default 4)
  --mining-negative N   hinge: for the pairs of two points (default: as above)
  --shape-weight X      tilde: of the shape term (default 0.1)
  --temporal-weight X   tilde: of the temporal term (default 0.3)
  --fixed-camera        tilde: the photographs are of one fixed camera
  --seed N              (default 1)
  --threads N           (default: all cores)
  --device NAME         auto (default), cpu, cuda
  --checkpoint-minutes X  (default 3)
  --no-resume           start anew
  --data-note TEXT      how the weights file names its data
  --json FILE           append a line of JSON for each report
  --quiet               no progress
)";

double Number(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw InputError(name + " needs a number, not '" + text + "'");
  }
  return value;
}

struct Arguments {
  std::string kind;
  TrainOptions options;
  bool help = false;
};

Arguments Parse(int argc, char** argv) {
  Arguments a;
  if (argc > 0) a.kind = argv[0];
  if (a.kind == "orientation") a.options.batch = 256;
  if (a.kind == "detector") a.options.batch = 64;
  if (a.kind == "tilde") a.options.batch = 16;
  if (a.kind == "lift") a.options.batch = 64;
  TrainOptions& o = a.options;
  const std::map<std::string, std::function<void(const std::string&)>> values =
      {{"--data", [&](const auto& v) { o.data.push_back(v); }},
       {"--output", [&](const auto& v) { o.output = v; }},
       {"--architecture", [&](const auto& v) { o.architecture = v; }},
       {"--descriptor", [&](const auto& v) { o.descriptor = v; }},
       {"--detector", [&](const auto& v) { o.detector = v; }},
       {"--orientation", [&](const auto& v) { o.orientation = v; }},
       {"--freeze", [&](const auto& v) { o.frozen = v; }},
       {"--class-weight",
        [&](const auto& v) { o.class_weight = Number("--class-weight", v); }},
       {"--place-weight",
        [&](const auto& v) { o.place_weight = Number("--place-weight", v); }},
       {"--angle-weight",
        [&](const auto& v) { o.angle_weight = Number("--angle-weight", v); }},
       {"--iterations",
        [&](const auto& v) { o.iterations = int(Number("--iterations", v)); }},
       {"--batch", [&](const auto& v) { o.batch = int(Number("--batch", v)); }},
       {"--learning-rate",
        [&](const auto& v) { o.learning_rate = Number("--learning-rate", v); }},
       {"--loss", [&](const auto& v) { o.descriptor_loss = v; }},
       {"--mining",
        [&](const auto& v) { o.mining = int(Number("--mining", v)); }},
       {"--mining-negative",
        [&](const auto& v) {
          o.mining_negative = int(Number("--mining-negative", v));
        }},
       {"--seed",
        [&](const auto& v) { o.seed = uint64_t(Number("--seed", v)); }},
       {"--threads",
        [&](const auto& v) { o.threads = int(Number("--threads", v)); }},
       {"--device", [&](const auto& v) { o.device = v; }},
       {"--checkpoint-minutes",
        [&](const auto& v) {
          o.checkpoint_minutes = Number("--checkpoint-minutes", v);
        }},
       {"--shape-weight",
        [&](const auto& v) { o.shape_weight = Number("--shape-weight", v); }},
       {"--temporal-weight",
        [&](const auto& v) {
          o.temporal_weight = Number("--temporal-weight", v);
        }},
       {"--data-note", [&](const auto& v) { o.data_note = v; }},
       {"--json", [&](const auto& v) { o.json = v; }}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      a.help = true;
    } else if (name == "--quiet") {
      o.quiet = true;
    } else if (name == "--fixed-camera") {
      o.fixed_camera = true;
    } else if (name == "--no-resume") {
      o.resume = false;
    } else if (const auto found = values.find(name); found != values.end()) {
      if (i + 1 >= argc) throw InputError(name + " needs a value");
      found->second(argv[++i]);
    } else {
      throw InputError("unknown option " + name +
                       "; see tiepoint train --help");
    }
  }
  a.help = a.help || a.kind == "--help" || a.kind == "-h";
  return a;
}

}  // namespace

int TrainMain(int argc, char** argv) {
  std::signal(SIGINT, [](int) { RequestInterrupt(); });
  std::signal(SIGTERM, [](int) { RequestInterrupt(); });
  try {
    const Arguments a = Parse(argc, argv);
    if (a.help || a.kind.empty()) {
      std::fputs(kHelp, a.help ? stdout : stderr);
      return a.help ? 0 : 2;
    }
    if (a.kind == "descriptor") {
      TrainDescriptor(a.options);
    } else if (a.kind == "orientation") {
      TrainOrientation(a.options);
    } else if (a.kind == "detector") {
      TrainDetector(a.options);
    } else if (a.kind == "tilde") {
      TrainTilde(a.options);
    } else if (a.kind == "lift") {
      TrainLift(a.options);
    } else {
      throw InputError(
          "cannot train '" + a.kind +
          "'; choose descriptor, orientation, detector, tilde or lift");
    }
    return 0;
  } catch (const Interrupted&) {
    std::fprintf(stderr,
                 "interrupted: the checkpoint is written; the same "
                 "command goes on from it\n");
    return 130;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tiepoint train: %s\n", e.what());
    return 2;
  }
}

}  // namespace tiepoint
