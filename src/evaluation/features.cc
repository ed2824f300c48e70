// SPDX-License-Identifier: Apache-2.0
#include "evaluation/features.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "evaluation/cache_key.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/io/feature_file.h"
#include "tiepoint/network/safetensors.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/preset_json.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Shared = std::shared_ptr<const Features>;

constexpr int kKeypointColumns = 5;

Matrix3 Product(const Matrix3& a, const Matrix3& b) {
  Matrix3 result{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 3; ++k)
        result[3 * r + c] += a[3 * r + k] * b[3 * k + c];
    }
  }
  return result;
}

// Keypoints from pixels of the stored file to those of the working image.
Features ToWorking(FeatureSet set, int working_width, int working_height) {
  Features result;
  result.scale_x = static_cast<double>(set.image_width) / working_width;
  result.scale_y = static_cast<double>(set.image_height) / working_height;
  const double scale = std::sqrt(result.scale_x * result.scale_y);
  for (Keypoint& k : set.keypoints) {
    k.x = static_cast<float>((k.x + 0.5) / result.scale_x - 0.5);
    k.y = static_cast<float>((k.y + 0.5) / result.scale_y - 0.5);
    k.scale = static_cast<float>(k.scale / scale);
  }
  set.image_width = working_width;
  set.image_height = working_height;
  result.set = std::move(set);
  return result;
}

// The features used last: pairs of a sequence share photographs.
class Recent {
 public:
  Shared Find(const std::string& key) const {
    for (const auto& [name, features] : entries_) {
      if (name == key) return features;
    }
    return nullptr;
  }
  Shared Keep(const std::string& key, Features features) {
    auto shared = std::make_shared<const Features>(std::move(features));
    entries_.emplace_front(key, shared);
    if (entries_.size() > kCount) entries_.pop_back();
    return shared;
  }

 private:
  static constexpr size_t kCount = 64;
  std::deque<std::pair<std::string, Shared>> entries_;
};

std::string RecentKey(const std::string& path, int max_image_size) {
  return std::to_string(max_image_size) + " " + path;
}

// ------------------------------------------------------------------- cache

// One file a photograph and setting; the file says what it was made from, so
// that two settings with one checksum are never mixed up.
class FeatureCache {
 public:
  FeatureCache(const std::string& folder, const Json& settings)
      : settings_(settings.dump() + " " + ProgramChecksum()) {
    if (!folder.empty()) {
      folder_ = fs::path(folder) / "features" / HexChecksum(settings_);
      EnsureWritableFolder(folder_);
    }
  }

  std::optional<Features> Read(const std::string& path,
                               int max_image_size) const {
    const std::string file = File(path, max_image_size);
    if (folder_.empty() || !fs::exists(file)) return std::nullopt;
    try {
      const SafeTensors content = ReadSafeTensors(file);
      const auto& notes = content.metadata;
      if (notes.at("key") != Key(path, max_image_size)) return std::nullopt;
      return FromTensors(content);
    } catch (const std::exception&) {
      return std::nullopt;  // damaged: made again
    }
  }

  void Write(const std::string& path, int max_image_size,
             const Features& features) const {
    if (folder_.empty()) return;
    SafeTensors content = ToTensors(features);
    content.metadata["key"] = Key(path, max_image_size);
    WriteSafeTensors(File(path, max_image_size), content);
  }

 private:
  std::string Key(const std::string& path, int max_image_size) const {
    return FileStamp(path) + " " + std::to_string(max_image_size) + " " +
           settings_;
  }
  std::string File(const std::string& path, int max_image_size) const {
    return (fs::path(folder_) /
            (HexChecksum(Key(path, max_image_size)) + ".safetensors"))
        .string();
  }

  static SafeTensors ToTensors(const Features& features) {
    const FeatureSet& set = features.set;
    SafeTensors content;
    const auto rows = static_cast<int64_t>(set.keypoints.size());
    Tensor keypoints{{rows, kKeypointColumns}, {}};
    for (const Keypoint& k : set.keypoints) {
      for (const float v : {k.x, k.y, k.scale, k.angle, k.score}) {
        keypoints.data.push_back(v);
      }
    }
    content.tensors["keypoints"] = std::move(keypoints);
    content.tensors["descriptors"] = {{rows, set.descriptors.cols},
                                      set.descriptors.data};
    const Json numbers = {set.image_width, set.image_height, features.scale_x,
                          features.scale_y};
    content.metadata["image"] = numbers.dump();
    return content;
  }

  static Features FromTensors(const SafeTensors& content) {
    Features features;
    FeatureSet& set = features.set;
    const Json numbers = Json::parse(content.metadata.at("image"));
    set.image_width = numbers.at(0);
    set.image_height = numbers.at(1);
    features.scale_x = numbers.at(2);
    features.scale_y = numbers.at(3);
    const Tensor& keypoints = content.tensors.at("keypoints");
    const auto rows = static_cast<int>(keypoints.shape.at(0));
    for (int i = 0; i < rows; ++i) {
      const float* v =
          keypoints.data.data() + static_cast<size_t>(i) * kKeypointColumns;
      set.keypoints.push_back({v[0], v[1], v[2], v[3], v[4]});
    }
    const Tensor& descriptors = content.tensors.at("descriptors");
    set.descriptors = {rows, static_cast<int>(descriptors.shape.at(1)),
                       descriptors.data};
    return features;
  }

  std::string folder_;
  std::string settings_;
};

// ----------------------------------------------------------------- sources

constexpr std::string_view kImported = "imported:";

// A file without its folders.
std::string ShortStep(const std::string& step) {
  if (!step.starts_with(kImported)) return step;
  const fs::path path(step.substr(kImported.size()));
  return std::string(kImported) +
         (path.has_filename() ? path : path.parent_path()).filename().string();
}

// A preset as tables show it.
std::string ShortName(const Preset& preset) {
  if (preset.name.find(kImported) == std::string::npos) return preset.name;
  const bool alone =
      preset.name.starts_with(kImported) &&
      fs::exists(std::string_view(preset.name).substr(kImported.size()));
  if (alone) return ShortStep(preset.name);
  return ShortStep(preset.detector) + "/" + ShortStep(preset.orientation) +
         "/" + ShortStep(preset.descriptor);
}

class PresetSource : public FeatureSource {
 public:
  // `label_end`: what the preset's name is followed by in tables.
  PresetSource(const std::string& name, const FeatureSourceOptions& options,
               const std::string& label_end)
      : label_end_(label_end),
        max_keypoints_(options.extractor.max_keypoints),
        steps_(MakeSteps(ParsePreset(name), options.extractor)),
        settings_(SettingsOf(steps_.preset, options)),
        cache_(options.cache, settings_) {
    if (options.keypoints_only) {
      steps_.orientation.reset();
      steps_.descriptor.reset();
    }
  }

  std::string Label() const override {
    return ShortName(steps_.preset) + label_end_;
  }
  Json Settings() const override { return settings_; }
  const Steps* GetSteps() const override { return &steps_; }

  Shared Of(const std::string& path, int max_image_size) const override {
    const std::string key = RecentKey(path, max_image_size);
    if (Shared found = recent_.Find(key)) return found;
    if (auto kept = cache_.Read(path, max_image_size)) {
      return recent_.Keep(key, std::move(*kept));
    }
    Features features =
        Of(ReadImage(path, {.max_image_size = max_image_size,
                            .keep_colour = steps_.detector->NeedsColour()}));
    cache_.Write(path, max_image_size, features);
    return recent_.Keep(key, std::move(features));
  }

  Features Of(const Image& image) const override {
    return ToWorking(Extract(image, steps_, max_keypoints_), image.gray.width,
                     image.gray.height);
  }

 private:
  static Json SettingsOf(const Preset& preset,
                         const FeatureSourceOptions& options) {
    Json settings = {{"preset", preset.name},
                     {"detector", preset.detector},
                     {"orientation", preset.orientation},
                     {"descriptor", preset.descriptor},
                     {"keypoints_only", options.keypoints_only},
                     {"version", options.version}};
    settings.update(FeatureSettings(preset, options.extractor));
    return settings;
  }

  std::string label_end_;
  int max_keypoints_;
  Steps steps_;
  Json settings_;
  FeatureCache cache_;
  mutable Recent recent_;
};

// The `count` features of the highest score (all for 0), in that order; equal
// scores keep theirs.
FeatureSet Strongest(FeatureSet set, int count) {
  std::vector<int> order(set.keypoints.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return set.keypoints[a].score > set.keypoints[b].score;
  });
  if (count > 0 && order.size() > static_cast<size_t>(count)) {
    order.resize(count);
  }
  FeatureSet result;
  result.image_width = set.image_width;
  result.image_height = set.image_height;
  result.descriptors.rows = static_cast<int>(order.size());
  result.descriptors.cols = set.descriptors.cols;
  for (const int i : order) {
    result.keypoints.push_back(set.keypoints[i]);
    const float* row = set.descriptors.Row(i);
    result.descriptors.data.insert(result.descriptors.data.end(), row,
                                   row + set.descriptors.cols);
  }
  return result;
}

class ExternalSource : public FeatureSource {
 public:
  ExternalSource(const std::string& label, const std::string& path,
                 const FeatureSourceOptions& options)
      : label_(label),
        path_(path),
        file_(path),
        max_keypoints_(options.extractor.max_keypoints) {
    settings_ = {{"external", path},
                 {"checksum", FileChecksum(path)},
                 {"max_keypoints", max_keypoints_}};
    for (const auto& [key, value] : file_.Attributes()) {
      settings_["attributes"][key] = value;
    }
  }

  std::string Label() const override { return label_; }
  Json Settings() const override { return settings_; }

  Shared Of(const std::string& path, int max_image_size) const override {
    const std::string key = RecentKey(path, max_image_size);
    if (Shared found = recent_.Find(key)) return found;
    auto set = file_.Find(path);
    if (!set) {
      throw InputError(path_ + ": has no features of " + path);
    }
    // Read for its size: a feature file may leave it out.
    const Image image = ReadImage(path, {.max_image_size = max_image_size});
    set->image_width = image.width;
    set->image_height = image.height;
    return recent_.Keep(key,
                        ToWorking(Strongest(std::move(*set), max_keypoints_),
                                  image.gray.width, image.gray.height));
  }

  Features Of(const Image&) const override {
    throw InputError(path_ +
                     ": features from a file cannot be evaluated on pictures "
                     "that are made on the way");
  }

 private:
  std::string label_, path_;
  FeatureFile file_;
  int max_keypoints_;
  Json settings_;
  mutable Recent recent_;
};

class UnshiftedSource : public FeatureSource {
 public:
  explicit UnshiftedSource(const FeatureSource& source) : source_(source) {}

  std::string Label() const override { return source_.Label() + " -0.25"; }
  Json Settings() const override {
    Json settings = source_.Settings();
    settings["opencv_sift_shift_undone"] = true;
    return settings;
  }
  const Steps* GetSteps() const override { return source_.GetSteps(); }

  Shared Of(const std::string& path, int max_image_size) const override {
    return std::make_shared<const Features>(
        Undone(*source_.Of(path, max_image_size)));
  }
  Features Of(const Image& image) const override {
    return Undone(source_.Of(image));
  }

 private:
  static Features Undone(Features features) {
    for (Keypoint& k : features.set.keypoints) {
      k.x -= kOpenCvSiftShift;
      k.y -= kOpenCvSiftShift;
    }
    return features;
  }

  const FeatureSource& source_;
};

}  // namespace

Matrix3 Features::WorkingFromStored() const {
  return {1 / scale_x, 0,           0.5 / scale_x - 0.5,  //
          0,           1 / scale_y, 0.5 / scale_y - 0.5,  //
          0,           0,           1};
}

PinholeCamera Features::Working(const PinholeCamera& stored) const {
  return {stored.fx / scale_x, stored.fy / scale_y,
          (stored.cx + 0.5) / scale_x - 0.5, (stored.cy + 0.5) / scale_y - 0.5};
}

Matrix3 WorkingHomography(const Matrix3& stored, const Features& first,
                          const Features& second) {
  const Matrix3 stored_from_working = {first.scale_x,
                                       0,
                                       0.5 * first.scale_x - 0.5,  //
                                       0,
                                       first.scale_y,
                                       0.5 * first.scale_y - 0.5,  //
                                       0,
                                       0,
                                       1};
  return Product(second.WorkingFromStored(),
                 Product(stored, stored_from_working));
}

std::unique_ptr<FeatureSource> MakeFeatureSource(
    const std::string& name, const FeatureSourceOptions& options) {
  const std::string mark = "external:";
  const size_t place = name.find(mark);
  const bool external =
      place == 0 || (place != std::string::npos && name[place - 1] == '=');
  if (!external) {
    const size_t at = name.rfind('@');
    if (at == std::string::npos || fs::exists(name)) {
      return std::make_unique<PresetSource>(name, options, "");
    }
    FeatureSourceOptions with_precision = options;
    with_precision.extractor.precision =
        InferenceNetwork::ParsePrecision(name.substr(at + 1));
    return std::make_unique<PresetSource>(name.substr(0, at), with_precision,
                                          name.substr(at));
  }
  const std::string path = name.substr(place + mark.size());
  const std::string label =
      place > 0 ? name.substr(0, place - 1) : fs::path(path).stem().string();
  return std::make_unique<ExternalSource>(label, path, options);
}

double RatioFor(const FeatureSource& source, double asked) {
  if (asked > 0) return asked;
  const Steps* steps = source.GetSteps();
  return steps ? UsualRatio(steps->preset) : 0.8;
}

nlohmann::ordered_json RatioJson(double asked) {
  if (asked > 0) return asked;
  return "that of the preset";
}

std::unique_ptr<FeatureSource> UndoSiftShift(const FeatureSource& source) {
  return std::make_unique<UnshiftedSource>(source);
}

bool HasSiftShift(const FeatureSource& source) {
  const Steps* steps = source.GetSteps();
  return steps != nullptr && steps->preset.detector == "sift";
}

}  // namespace tiepoint
