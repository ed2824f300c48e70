// SPDX-License-Identifier: Apache-2.0
#include "training/train_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <type_traits>
#include <utility>
#include <variant>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

using Json = nlohmann::ordered_json;
using Field = std::variant<bool TrainOptions::*, int TrainOptions::*,
                           uint64_t TrainOptions::*, double TrainOptions::*,
                           std::string TrainOptions::*,
                           std::vector<std::string> TrainOptions::*>;

struct Option {
  const char* name;   // without dashes; also the key of a recipe
  const char* value;  // what the help calls its value
  Field field;
  // Whether the weights of a step depend on it: a checkpoint that was made
  // with another value is not resumed from.
  enum Effect { kNone, kWeights } effect;
  const char* help;
};

// The order of the help and of the printed configuration.
const std::vector<Option>& Options() {
  using O = TrainOptions;
  static const std::vector<Option> options = {
      {"data", "DIR", &O::data, Option::kNone,
       "photographs (.jpg, .png) or shards, searched below; repeatable"},
      {"output", "FILE", &O::output, Option::kNone,
       "weights; FILE.checkpoint beside it is resumed from"},
      {"architecture", "NAME", &O::architecture, Option::kWeights,
       "descriptor: deepdesc (when empty), deepdesc-dense, "
       "deepdesc-sparse, logpolar or oriented (with angles); "
       "orientation: lift-orientation (when "
       "empty), logpolar-orientation or circular-orientation; detector: "
       "lift-detector (when empty) or jet-detector; correspondence: "
       "two-stage-attention (when empty), two-stage, "
       "three-stage-attention, lfgc-side or lfgc"},
      {"descriptor", "FILE", &O::descriptor, Option::kNone,
       "orientation: the frozen descriptor, or sift; lift, and descriptor "
       "with --orientation or oriented: to begin with"},
      {"detector", "FILE", &O::detector, Option::kNone, "lift: to begin with"},
      {"orientation", "FILE", &O::orientation, Option::kNone,
       "lift: to begin with; descriptor: tuned together with --descriptor"},
      {"correspondence", "FILE", &O::correspondence, Option::kNone,
       "correspondence: weights to begin with"},
      {"freeze", "NAMES", &O::frozen, Option::kWeights,
       "lift, or descriptor with --orientation: what stays as it is, e.g. "
       "detector,orientation"},
      {"class-weight", "X", &O::class_weight, Option::kWeights,
       "lift: of the classification of patches"},
      {"place-weight", "X", &O::place_weight, Option::kWeights,
       "lift: of the distance between the places found"},
      {"angle-weight", "X", &O::angle_weight, Option::kWeights,
       "lift, or descriptor with --orientation: of the error of the relative "
       "angle"},
      {"agreement-weight", "X", &O::agreement_weight, Option::kWeights,
       "descriptor, oriented: of the chance that likely directions agree"},
      {"iterations", "N", &O::iterations, Option::kNone, "steps"},
      {"batch", "N", &O::batch, Option::kWeights,
       "pairs a step [that of the kind]"},
      {"pool", "N", &O::pool, Option::kWeights,
       "descriptor, oriented: pairs made once and seen many times; 0: all new"},
      {"learning-rate", "X", &O::learning_rate, Option::kWeights,
       "of Adam, falling along a cosine"},
      {"clip", "NORM", &O::clip, Option::kWeights,
       "cut gradients to this norm; 0: never"},
      {"precision", "NAME", &O::precision, Option::kWeights,
       "float, or bfloat16 (patch networks, on a GPU)"},
      {"loss", "NAME", &O::descriptor_loss, Option::kWeights,
       "descriptor: hardnet or hinge (DeepDesc)"},
      {"mining", "N", &O::mining, Option::kWeights,
       "hinge: learn from the hardest 1/N"},
      {"mining-negative", "N", &O::mining_negative, Option::kWeights,
       "hinge: the same for pairs of two points; 0: as --mining"},
      {"support", "SCALES", &O::support, Option::kWeights,
       "descriptor: half width of the patches; 0: that of the architecture"},
      {"matches", "N", &O::matches, Option::kWeights,
       "correspondence: matches of a pair"},
      {"synthetic", "SHARE", &O::synthetic, Option::kWeights,
       "correspondence: pairs that are made, not photographed"},
      {"regression", "NAME", &O::regression, Option::kWeights,
       "correspondence: virtual, essential (the paper) or none"},
      {"regression-weight", "X", &O::regression_weight, Option::kWeights,
       "correspondence: of that term"},
      {"regression-from", "SHARE", &O::regression_from, Option::kWeights,
       "correspondence: of the steps, before it counts"},
      {"shape-weight", "X", &O::shape_weight, Option::kWeights,
       "tilde: of the shape term"},
      {"temporal-weight", "X", &O::temporal_weight, Option::kWeights,
       "tilde: of the temporal term"},
      {"cosines", "N", &O::cosines, Option::kWeights,
       "tilde: filters are sums of so many cosines along each axis"},
      {"fixed-camera", "", &O::fixed_camera, Option::kWeights,
       "tilde: the photographs are of one fixed camera"},
      {"seed", "N", &O::seed, Option::kWeights, "of everything drawn"},
      {"threads", "N", &O::threads, Option::kNone, "0: all cores"},
      {"device", "NAME", &O::device, Option::kNone, "auto, cpu or cuda"},
      {"checkpoint-minutes", "X", &O::checkpoint_minutes, Option::kNone,
       "time between checkpoints"},
      {"resume", "", &O::resume, Option::kNone,
       "go on from the checkpoint; --no-resume starts anew"},
      {"data-note", "TEXT", &O::data_note, Option::kNone,
       "how the weights file names its data"},
      {"licence", "TEXT", &O::licence, Option::kNone,
       "how the weights file names its licence"},
      {"json", "FILE", &O::json, Option::kNone,
       "append a line of JSON for each report"},
      {"html", "FILE", &O::html, Option::kNone,
       "a page with curves, written anew at each report"},
      {"stop-at", "N", &O::stop_at, Option::kNone,
       "stop after step N, to go on later; 0: do not"},
      {"quiet", "", &O::quiet, Option::kNone, "no progress"}};
  return options;
}

const Option* FindOption(const std::string& name) {
  const auto found =
      std::find_if(Options().begin(), Options().end(),
                   [&](const Option& option) { return name == option.name; });
  return found == Options().end() ? nullptr : &*found;
}

bool IsFlag(const Option& option) {
  return std::holds_alternative<bool TrainOptions::*>(option.field);
}

// ---------------------------------------------------- values from JSON or text

// Each returns what the value should have been, or "" when it was.
std::string Set(const Json& json, bool& field) {
  if (!json.is_boolean()) return "true or false";
  field = json.get<bool>();
  return "";
}

template <std::integral Whole>
std::string Set(const Json& json, Whole& field) {
  if (json.is_number_unsigned() && std::in_range<Whole>(json.get<uint64_t>())) {
    field = static_cast<Whole>(json.get<uint64_t>());
  } else if (json.is_number_integer() && !json.is_number_unsigned() &&
             std::in_range<Whole>(json.get<int64_t>())) {
    field = static_cast<Whole>(json.get<int64_t>());
  } else {
    return "a whole number";
  }
  return "";
}

std::string Set(const Json& json, double& field) {
  if (!json.is_number() || !std::isfinite(json.get<double>())) {
    return "a number";
  }
  field = json.get<double>();
  return "";
}

std::string Set(const Json& json, std::string& field) {
  if (!json.is_string()) return "a text";
  field = json.get<std::string>();
  return "";
}

std::string Set(const Json& json, std::vector<std::string>& field) {
  std::vector<std::string> list;
  for (const Json& text : json.is_array() ? json : Json{Json()}) {
    if (!text.is_string()) return "a list of texts";
    list.push_back(text.get<std::string>());
  }
  field = std::move(list);
  return "";
}

std::string SetOption(const Option& option, const Json& json,
                      TrainOptions& options) {
  return std::visit([&](auto field) { return Set(json, options.*field); },
                    option.field);
}

template <typename Number>
std::optional<Number> ReadNumber(const std::string& text) {
  Number number{};
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

// A value on the command line as the JSON that a recipe would hold.
Json FromText(const Option& option, const std::string& text) {
  if (std::holds_alternative<std::string TrainOptions::*>(option.field) ||
      std::holds_alternative<std::vector<std::string> TrainOptions::*>(
          option.field)) {
    return text;
  }
  if (const auto whole = ReadNumber<uint64_t>(text)) return *whole;
  if (const auto whole = ReadNumber<int64_t>(text)) return *whole;
  if (const auto real = ReadNumber<double>(text)) return *real;
  return nullptr;
}

// ---------------------------------------------------------------- kind, recipe

void SetKind(const std::string& name, TrainOptions& options) {
  options.batch = FindTrainKind(name).batch;
  options.kind = name;
}

Json ReadRecipe(const std::string& path) {
  std::error_code error;  // a folder can be opened, but not read
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open() || std::filesystem::is_directory(path, error)) {
    throw InputError("--config " + path + ": cannot be read");
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {
    throw InputError("--config " + path + ": not JSON (byte " +
                     std::to_string(e.byte) + ")");
  }
  if (!json.is_object()) {
    throw InputError("--config " + path + ": not an object of options");
  }
  return json;
}

void ApplyRecipe(const std::string& path, TrainOptions& options) {
  const Json recipe = ReadRecipe(path);
  const auto wrong = [&](const std::string& key, const std::string& needs) {
    return InputError("--config " + path + ": \"" + key + "\" needs " + needs +
                      ", not " + recipe[key].dump());
  };
  if (const auto kind = recipe.find("kind"); kind != recipe.end()) {
    if (!kind->is_string()) throw wrong("kind", "a text");
    const std::string name = kind->get<std::string>();
    FindTrainKind(name);
    if (!options.kind.empty() && options.kind != name) {
      throw InputError("--config " + path + " is of a training of kind '" +
                       name + "', not '" + options.kind + "'");
    }
    SetKind(name, options);
  }
  for (const auto& [key, value] : recipe.items()) {
    if (key == "kind") continue;
    const Option* option = FindOption(key);
    if (option == nullptr) {
      throw InputError("--config " + path + ": unknown option \"" + key +
                       "\"; see tiepoint train --help");
    }
    if (const std::string needs = SetOption(*option, value, options);
        !needs.empty()) {
      throw wrong(key, needs);
    }
  }
}

// ---------------------------------------------------------------- command line

struct Word {
  const Option* option;
  Json value;  // of --data: one folder
  std::string text;
};

// Arguments as options with values; what is no option goes to `result`.
std::vector<Word> SplitArguments(const std::vector<std::string>& arguments,
                                 TrainArguments& result, std::string& config) {
  std::vector<Word> words;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&] {
      if (i + 1 >= arguments.size()) throw InputError(name + " needs a value");
      return arguments[++i];
    };
    if (name == "--help" || name == "-h") {
      result.help = true;
    } else if (name == "--print-config") {
      result.print_config = true;
    } else if (name == "--config") {
      config = value();
    } else if (i == 0 && !name.starts_with("-")) {
      SetKind(name, result.options);
    } else {
      const bool no = name.starts_with("--no-");
      const Option* option = name.starts_with("--")
                                 ? FindOption(name.substr(no ? 5 : 2))
                                 : nullptr;
      if (option == nullptr || (no && !IsFlag(*option))) {
        throw InputError("unknown option " + name +
                         "; see tiepoint train --help");
      }
      if (IsFlag(*option)) {
        words.push_back({option, !no, ""});
      } else {
        const std::string text = value();
        words.push_back({option, FromText(*option, text), text});
      }
    }
  }
  return words;
}

std::string Padded(const std::string& text, size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

// "" when there is none: flags, lists, and the batch, which is the kind's.
std::string DefaultText(const Option& option) {
  std::ostringstream text;
  const auto print = [&](const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string> ||
                  (std::is_arithmetic_v<Value> &&
                   !std::is_same_v<Value, bool>)) {
      text << value;
    }
  };
  const TrainOptions defaults;
  if (option.field != Field(&TrainOptions::batch)) {
    std::visit([&](auto field) { print(defaults.*field); }, option.field);
  }
  return text.str();
}

std::string HelpLine(const TrainOptionText& option) {
  const std::string name =
      "--" + option.name + (option.value.empty() ? "" : " ") + option.value;
  return "  " + Padded(name, 24) + option.help +
         (option.default_value.empty() ? ""
                                       : " [" + option.default_value + "]") +
         "\n";
}

// Of the command line alone.
const std::vector<TrainOptionText>& OptionsBesideTheTable() {
  static const std::vector<TrainOptionText> options = {
      {"config", "FILE", "", "a recipe: JSON; the command line wins"},
      {"print-config", "", "", "print the configuration and train nothing"},
      {"help", "", "", "this text"}};
  return options;
}

}  // namespace

const std::vector<TrainKind>& TrainKinds() {
  static const std::vector<TrainKind> kinds = {
      {"descriptor", "tells patches of one point from others", TrainDescriptor,
       512},
      {"orientation", "gives a patch its angle; needs --descriptor",
       TrainOrientation, 256},
      {"detector", "finds the keypoints", TrainDetector, 64},
      {"tilde", "finds points that stay in changing light (pictures a step)",
       TrainTilde, 16},
      {"lift", "tunes the three together; needs weights of each", TrainLift,
       64},
      {"correspondence",
       "tells right matches from wrong ones; of tiepoint data matches",
       TrainCorrespondence, 32}};
  return kinds;
}

const TrainKind& FindTrainKind(const std::string& name) {
  std::string names;
  for (const TrainKind& kind : TrainKinds()) {
    if (kind.name == name) return kind;
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw InputError("cannot train '" + name + "'; choose one of " + names);
}

TrainArguments ParseTrainArguments(const std::vector<std::string>& arguments) {
  TrainArguments result;
  std::string config;
  const std::vector<Word> words = SplitArguments(arguments, result, config);
  TrainOptions& options = result.options;
  if (result.help) return result;
  if (!config.empty()) ApplyRecipe(config, options);
  if (options.kind.empty()) {
    throw InputError("what is to be trained? See tiepoint train --help");
  }
  bool data_replaced = false;
  for (const Word& word : words) {
    if (word.option->field == Field(&TrainOptions::data)) {
      if (!std::exchange(data_replaced, true)) options.data.clear();
      options.data.push_back(word.value.get<std::string>());
      continue;
    }
    if (const std::string needs = SetOption(*word.option, word.value, options);
        !needs.empty()) {
      throw InputError(std::string("--") + word.option->name + " needs " +
                       needs + ", not '" + word.text + "'");
    }
  }
  return result;
}

std::string TrainHelp() {
  std::string help =
      "tiepoint train - train a network from photographs\n\n"
      "  tiepoint train KIND --data DIR --output FILE [options]\n"
      "  tiepoint train --config RECIPE.json --data DIR [options]\n\n"
      "KIND (with its batch):\n";
  for (const TrainKind& kind : TrainKinds()) {
    help += "  " + Padded(kind.name, 24) + kind.what + " [" +
            std::to_string(kind.batch) + "]\n";
  }
  help += "\nOptions [default]; each is a key of a recipe, without dashes:\n";
  for (const TrainOptionText& option : TrainOptionTexts()) {
    if (option.name == OptionsBesideTheTable().front().name) help += "\n";
    help += HelpLine(option);
  }
  return help;
}

std::vector<TrainOptionText> TrainOptionTexts() {
  std::vector<TrainOptionText> texts;
  for (const Option& option : Options()) {
    texts.push_back(
        {option.name, option.value, DefaultText(option), option.help});
  }
  const auto& others = OptionsBesideTheTable();
  texts.insert(texts.end(), others.begin(), others.end());
  return texts;
}

Json TrainConfig(const TrainOptions& options) {
  Json config = {{"kind", options.kind}};
  for (const Option& option : Options()) {
    std::visit([&](auto field) { config[option.name] = options.*field; },
               option.field);
  }
  return config;
}

Json DecidingConfig(const TrainOptions& options) {
  Json config = TrainConfig(options);
  for (const Option& option : Options()) {
    if (option.effect == Option::kNone) config.erase(option.name);
  }
  return config;
}

}  // namespace tiepoint
