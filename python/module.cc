// SPDX-License-Identifier: Apache-2.0
// The C++ half of the package `tiepoint`. What users see, with its
// documentation, is in python/tiepoint/*.py.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "interrupt.h"
#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/correspondence/classifier.h"
#include "tiepoint/features/keypoint.h"
#include "tiepoint/geometry/two_view.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/matching/matcher.h"
#include "tiepoint/pipeline/extract.h"
#include "tiepoint/pipeline/match_filter.h"
#include "tiepoint/pipeline/memory.h"
#include "tiepoint/pipeline/preset.h"

namespace {

namespace py = pybind11;
using namespace tiepoint;

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Ints = py::array_t<int, py::array::c_style | py::array::forcecast>;
using CameraTuple = std::array<double, 4>;  // fx, fy, cx, cy

// Runs work that needs no Python: without the GIL, stopped by Ctrl-C.
template <typename Work>
auto WithoutPython(Work work) {
  const StopOnInterrupt stop;
  const py::gil_scoped_release release;
  return work();
}

// Rows of `data` as a read-only array; `owner` keeps the memory.
template <typename T>
py::array View(const T* data, std::vector<py::ssize_t> shape,
               std::vector<py::ssize_t> strides, const py::object& owner) {
  py::array view(py::dtype::of<T>(), std::move(shape), std::move(strides), data,
                 owner);
  view.attr("flags").attr("writeable") = false;
  return view;
}

// One member of every element of a vector, or `columns` that follow it.
template <typename T, typename Element>
py::array Column(const std::vector<Element>& elements, T Element::*member,
                 const py::object& owner, int columns = 1) {
  const Element* const first = elements.data();
  const T* const data = elements.empty() ? nullptr : &(first->*member);
  const auto rows = static_cast<py::ssize_t>(elements.size());
  if (columns == 1) return View(data, {rows}, {sizeof(Element)}, owner);
  return View(data, {rows, columns}, {sizeof(Element), sizeof(T)}, owner);
}

template <typename T>
py::array NewArray(const T& values, std::vector<py::ssize_t> shape) {
  return py::array_t<typename T::value_type>(std::move(shape), values.data());
}

std::optional<PinholeCamera> ToCamera(const std::optional<CameraTuple>& c) {
  if (!c) return std::nullopt;
  for (const double value : *c) {
    if (!std::isfinite(value)) {
      throw InputError("camera: fx, fy, cx, cy must be finite numbers");
    }
  }
  if ((*c)[0] <= 0 || (*c)[1] <= 0) {
    throw InputError("camera: focal lengths must be positive numbers");
  }
  return PinholeCamera{(*c)[0], (*c)[1], (*c)[2], (*c)[3]};
}

void CheckFinite(std::span<const float> values, const char* name) {
  if (!std::all_of(values.begin(), values.end(),
                   [](float v) { return std::isfinite(v); })) {
    throw InputError(std::string(name) + ": has numbers that are not finite");
  }
}

// ---------------------------------------------------------------- features

std::unique_ptr<FeatureSet> MakeFeatures(
    const Floats& keypoints, const Floats& scales, const Floats& angles,
    const Floats& scores, const Floats& descriptors, int width, int height) {
  const py::ssize_t n = keypoints.ndim() == 2 ? keypoints.shape(0) : -1;
  if (n < 0 || keypoints.shape(1) != 2) {
    throw InputError("keypoints: must be an array N x 2");
  }
  for (const auto& [name, array] :
       {std::pair("scales", &scales), std::pair("angles", &angles),
        std::pair("scores", &scores)}) {
    if (array->ndim() != 1 || array->shape(0) != n) {
      throw InputError(std::string(name) +
                       ": must hold one number for each of the " +
                       std::to_string(n) + " keypoints");
    }
    CheckFinite({array->data(), static_cast<size_t>(n)}, name);
  }
  if (descriptors.ndim() != 2 || descriptors.shape(0) != n) {
    throw InputError("descriptors: must have one row for each of the " +
                     std::to_string(n) + " keypoints");
  }
  CheckFinite({keypoints.data(), static_cast<size_t>(2 * n)}, "keypoints");
  const auto size = static_cast<size_t>(descriptors.size());
  CheckFinite({descriptors.data(), size}, "descriptors");

  auto features = std::make_unique<FeatureSet>();
  features->image_width = width;
  features->image_height = height;
  features->keypoints.resize(n);
  for (py::ssize_t i = 0; i < n; ++i) {
    features->keypoints[i] = {.x = keypoints.at(i, 0),
                              .y = keypoints.at(i, 1),
                              .scale = scales.at(i),
                              .angle = angles.at(i),
                              .score = scores.at(i)};
  }
  features->descriptors.rows = static_cast<int>(n);
  features->descriptors.cols = static_cast<int>(descriptors.shape(1));
  features->descriptors.data.assign(descriptors.data(),
                                    descriptors.data() + size);
  return features;
}

void BindFeatures(py::module_& m) {
  py::class_<FeatureSet>(m, "FeatureSet")
      .def(py::init(&MakeFeatures), py::arg("keypoints"), py::arg("scales"),
           py::arg("angles"), py::arg("scores"), py::arg("descriptors"),
           py::arg("width"), py::arg("height"))
      .def("__len__", [](const FeatureSet& f) { return f.keypoints.size(); })
      .def_readonly("width", &FeatureSet::image_width)
      .def_readonly("height", &FeatureSet::image_height)
      .def_property_readonly(
          "keypoints",
          [](const py::object& self) {
            const auto& f = self.cast<const FeatureSet&>();
            static_assert(offsetof(Keypoint, y) ==
                          offsetof(Keypoint, x) + sizeof(float));
            return Column(f.keypoints, &Keypoint::x, self, 2);
          })
      .def_property_readonly("scales",
                             [](const py::object& self) {
                               const auto& f = self.cast<const FeatureSet&>();
                               return Column(f.keypoints, &Keypoint::scale,
                                             self);
                             })
      .def_property_readonly("angles",
                             [](const py::object& self) {
                               const auto& f = self.cast<const FeatureSet&>();
                               return Column(f.keypoints, &Keypoint::angle,
                                             self);
                             })
      .def_property_readonly("scores",
                             [](const py::object& self) {
                               const auto& f = self.cast<const FeatureSet&>();
                               return Column(f.keypoints, &Keypoint::score,
                                             self);
                             })
      .def_property_readonly("descriptors", [](const py::object& self) {
        const DescriptorMatrix& d = self.cast<const FeatureSet&>().descriptors;
        const auto row = static_cast<py::ssize_t>(d.cols * sizeof(float));
        return View(d.data.data(), {d.rows, d.cols}, {row, sizeof(float)},
                    self);
      });
}

// --------------------------------------------------------------- extractor

struct ExtractorArguments {
  std::string preset, models;
  int max_keypoints = 0;
  std::string precision, memory;
};

class Extractor {
 public:
  explicit Extractor(const ExtractorArguments& arguments)
      : max_keypoints_(arguments.max_keypoints) {
    if (max_keypoints_ < 0) {
      throw InputError("max_keypoints: must be 0 (all) or more");
    }
    ExtractorOptions options;
    options.max_keypoints = max_keypoints_;
    options.models = arguments.models;
    options.precision = InferenceNetwork::ParsePrecision(arguments.precision);
    options.memory = ParseMemory(arguments.memory);
    steps_ = MakeSteps(ParsePreset(arguments.preset), options);
  }

  FeatureSet FromFile(const std::string& path, int max_image_size) const {
    const ReadOptions reading = Reading(max_image_size);
    return WithoutPython([&] {
      CheckReading(path, reading, steps_, 0);
      return Extract(ReadImage(path, reading), steps_, max_keypoints_);
    });
  }

  // `pixels`: height x width (x 3), whatever the strides of rows.
  FeatureSet FromArray(const py::array& pixels, bool rgb,
                       int max_image_size) const {
    const bool colour = pixels.ndim() == 3;
    if (!colour && pixels.ndim() != 2) {
      throw InputError("image: must be H x W or H x W x 3");
    }
    const py::ssize_t channels = colour ? pixels.shape(2) : 1;
    const py::ssize_t sample = pixels.itemsize();
    const py::ssize_t row = pixels.shape(1) * channels * sample;
    // Strides say nothing where there is one element alone.
    const bool plain =
        (channels == 1 || (channels == 3 && pixels.strides(2) == sample)) &&
        (pixels.shape(1) == 1 || pixels.strides(1) == channels * sample) &&
        (pixels.shape(0) == 1 || pixels.strides(0) >= row);
    const bool one_row = pixels.shape(0) == 1;
    const PixelView view = {
        .data = pixels.data(),
        .width = static_cast<int>(pixels.shape(1)),
        .height = static_cast<int>(pixels.shape(0)),
        .channels = static_cast<int>(channels),
        .row_bytes = static_cast<size_t>(one_row ? row : pixels.strides(0)),
        .depth = DepthOf(pixels),
        .rgb = rgb};
    if (!plain) throw InputError("image: rows must be contiguous");
    const ReadOptions reading = Reading(max_image_size);
    return WithoutPython([&] {
      return Extract(ImageFromPixels("image", view, reading), steps_,
                     max_keypoints_);
    });
  }

  std::string PresetName() const { return steps_.preset.name; }
  std::string StepsName() const {
    const Preset& p = steps_.preset;
    return p.detector + "/" + p.orientation + "/" + p.descriptor;
  }
  int max_keypoints() const { return max_keypoints_; }

 private:
  ReadOptions Reading(int max_image_size) const {
    if (max_image_size < 0) {
      throw InputError("max_image_size: must be 0 (as stored) or more");
    }
    return {.max_image_size = max_image_size,
            .keep_colour = steps_.NeedsColour()};
  }

  static PixelView::Depth DepthOf(const py::array& pixels) {
    if (py::isinstance<py::array_t<uint8_t>>(pixels)) {
      return PixelView::Depth::kUint8;
    }
    if (py::isinstance<py::array_t<uint16_t>>(pixels)) {
      return PixelView::Depth::kUint16;
    }
    if (py::isinstance<py::array_t<float>>(pixels)) {
      return PixelView::Depth::kFloat;
    }
    throw InputError("image: samples must be uint8, uint16 or float32");
  }

  Steps steps_;
  int max_keypoints_;
};

void BindExtractor(py::module_& m) {
  py::class_<Extractor>(m, "Extractor")
      .def(py::init([](const std::string& preset, const std::string& models,
                       int max_keypoints, const std::string& precision,
                       const std::string& memory) {
             return WithoutPython([&] {
               return std::make_unique<Extractor>(ExtractorArguments{
                   preset, models, max_keypoints, precision, memory});
             });
           }),
           py::arg("preset"), py::arg("models"), py::arg("max_keypoints"),
           py::arg("precision"), py::arg("memory"))
      .def("from_file", &Extractor::FromFile, py::arg("path"),
           py::arg("max_image_size"))
      .def("from_array", &Extractor::FromArray, py::arg("pixels"),
           py::arg("rgb"), py::arg("max_image_size"))
      .def_property_readonly("preset", &Extractor::PresetName)
      .def_property_readonly("steps", &Extractor::StepsName)
      .def_property_readonly("max_keypoints", &Extractor::max_keypoints);
}

// ----------------------------------------------------------------- matches

using Classifier = std::shared_ptr<CorrespondenceClassifier>;

struct MatchSet {
  std::vector<Match> matches;
  std::vector<float> weights;
  // What weighed them, if it was the network; for the second look.
  Classifier classifier;
};

std::unique_ptr<MatchSet> MakeMatches(const Ints& indices,
                                      const Floats& weights) {
  const py::ssize_t n = indices.ndim() == 2 ? indices.shape(0) : -1;
  if (n < 0 || indices.shape(1) != 2) {
    throw InputError("indices: must be an array M x 2");
  }
  if (weights.ndim() != 1 || weights.shape(0) != n) {
    throw InputError("weights: must hold one number for each of the " +
                     std::to_string(n) + " matches");
  }
  auto result = std::make_unique<MatchSet>();
  for (py::ssize_t k = 0; k < n; ++k) {
    result->matches.push_back({.i = indices.at(k, 0), .j = indices.at(k, 1)});
    if (!(weights.at(k) >= 0 && weights.at(k) <= 1)) {
      throw InputError("weights: must be numbers from 0 to 1");
    }
  }
  result->weights.assign(weights.data(), weights.data() + n);
  return result;
}

void BindMatches(py::module_& m) {
  py::class_<CorrespondenceClassifier, Classifier>(m, "Classifier")
      .def(py::init<const std::string&>(), py::arg("path"));
  py::class_<MatchSet>(m, "MatchSet")
      .def(py::init(&MakeMatches), py::arg("indices"), py::arg("weights"))
      .def("__len__", [](const MatchSet& s) { return s.matches.size(); })
      .def_property_readonly("indices",
                             [](const py::object& self) {
                               static_assert(offsetof(Match, j) ==
                                             offsetof(Match, i) + sizeof(int));
                               return Column(
                                   self.cast<const MatchSet&>().matches,
                                   &Match::i, self, 2);
                             })
      .def_property_readonly("similarity",
                             [](const py::object& self) {
                               return Column(
                                   self.cast<const MatchSet&>().matches,
                                   &Match::similarity, self);
                             })
      .def_property_readonly("ratio",
                             [](const py::object& self) {
                               return Column(
                                   self.cast<const MatchSet&>().matches,
                                   &Match::ratio, self);
                             })
      .def_property_readonly("weights", [](const py::object& self) {
        const std::vector<float>& w = self.cast<const MatchSet&>().weights;
        return View(w.data(), {static_cast<py::ssize_t>(w.size())},
                    {sizeof(float)}, self);
      });

  m.def(
      "match",
      [](const FeatureSet& first, const FeatureSet& second,
         const std::string& filter, double max_ratio,
         const std::optional<CameraTuple>& camera1,
         const std::optional<CameraTuple>& camera2,
         const Classifier& classifier) {
        const MatchFilter chosen = ParseMatchFilter(filter);
        const bool learned = chosen == MatchFilter::kLearned;
        if (learned && !classifier) throw InputError("classifier: is missing");
        const FilterInput input = {.first = &first,
                                   .second = &second,
                                   .camera1 = ToCamera(camera1),
                                   .camera2 = ToCamera(camera2),
                                   .max_ratio = max_ratio,
                                   .classifier = classifier.get()};
        return WithoutPython([&] {
          FilteredMatches found = MatchAndFilter(chosen, input);
          return std::make_unique<MatchSet>(
              MatchSet{std::move(found.matches), std::move(found.weights),
                       learned ? classifier : nullptr});
        });
      },
      py::arg("first"), py::arg("second"), py::arg("filter"),
      py::arg("max_ratio"), py::arg("camera1"), py::arg("camera2"),
      py::arg("classifier"));
}

// ---------------------------------------------------------------- geometry

TwoViewModel ParseModel(const std::string& name) {
  for (const TwoViewModel model :
       {TwoViewModel::kEssential, TwoViewModel::kFundamental,
        TwoViewModel::kHomography}) {
    if (name == Name(model)) return model;
  }
  throw InputError("model: \"" + name +
                   "\" is none of essential, fundamental, homography");
}

std::vector<PointPair> PairsOf(const FeatureSet& first,
                               const FeatureSet& second,
                               const std::vector<Match>& matches) {
  std::vector<PointPair> pairs;
  pairs.reserve(matches.size());
  for (const Match& match : matches) {
    if (match.i < 0 || match.j < 0 ||
        static_cast<size_t>(match.i) >= first.keypoints.size() ||
        static_cast<size_t>(match.j) >= second.keypoints.size()) {
      throw InputError("matches: an index is not that of a keypoint");
    }
    const Keypoint& a = first.keypoints[match.i];
    const Keypoint& b = second.keypoints[match.j];
    pairs.push_back({a.x, a.y, b.x, b.y});
  }
  return pairs;
}

py::dict ToDict(const TwoViewGeometry& geometry,
                const std::vector<double>& weights) {
  const auto n = static_cast<py::ssize_t>(weights.size());
  py::array_t<bool> inliers(n);
  std::fill_n(inliers.mutable_data(), n, false);
  for (const int k : geometry.inliers) inliers.mutable_at(k) = true;
  py::dict result;
  result["model"] = Name(geometry.model);
  result["success"] = geometry.success;
  result["reason"] = geometry.reason;
  result["matrix"] = geometry.success
                         ? py::object(NewArray(geometry.matrix, {3, 3}))
                         : py::none();
  result["R"] = py::none();
  result["t"] = py::none();
  if (geometry.pose) {
    result["R"] = NewArray(geometry.pose->rotation, {3, 3});
    result["t"] = NewArray(geometry.pose->translation, {3});
  }
  result["inliers"] = inliers;
  result["weights"] =
      NewArray(std::vector<float>(weights.begin(), weights.end()), {n});
  result["scene"] = Name(geometry.scene);
  result["confidence"] = geometry.confidence;
  return result;
}

py::dict RelativePoseOf(const FeatureSet& first, const FeatureSet& second,
                        const MatchSet& matches,
                        const std::optional<CameraTuple>& camera1,
                        const std::optional<CameraTuple>& camera2,
                        const std::string& model, double max_error,
                        double confidence, int max_iterations, uint64_t seed) {
  const FilterInput input = {.first = &first,
                             .second = &second,
                             .camera1 = ToCamera(camera1),
                             .camera2 = ToCamera(camera2),
                             .classifier = matches.classifier.get()};
  TwoViewOptions options = {.model = ParseModel(model),
                            .max_error = max_error,
                            .confidence = confidence,
                            .max_iterations = max_iterations,
                            .seed = seed};
  if (options.model == TwoViewModel::kEssential &&
      !(input.camera1 && input.camera2)) {
    throw InputError(
        "model: the essential matrix needs camera1 and camera2; without them "
        "choose fundamental or homography");
  }
  const std::string complaint = options.Validate();
  if (!complaint.empty()) throw InputError(complaint);
  if (matches.classifier) {
    options.second_look = [&](std::span<const int> explained) {
      return ClassifyWithout(input, matches.matches, explained);
    };
  }
  std::vector<double> weights(matches.weights.begin(), matches.weights.end());
  const std::vector<PointPair> pairs = PairsOf(first, second, matches.matches);
  const TwoViewGeometry geometry = WithoutPython([&] {
    TwoViewGeometry found = EstimateTwoViewGeometry(
        pairs, input.camera1.value_or(PinholeCamera{}),
        input.camera2.value_or(PinholeCamera{}), options, weights);
    CheckInterrupt();
    return found;
  });
  if (!geometry.weights.empty()) weights = geometry.weights;
  return ToDict(geometry, weights);
}

}  // namespace

PYBIND11_MODULE(_tiepoint, m) {
  m.doc() = "Tiepoint's C++ library; use the package tiepoint.";
  m.attr("__version__") = TIEPOINT_VERSION;

  // InputError is the caller's fault; what else is thrown becomes RuntimeError
  // or MemoryError.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11's signature
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const InputError& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const Interrupted&) {
      // Python's own handler raises what it likes, usually KeyboardInterrupt.
      if (PyErr_CheckSignals() == 0) PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
  });

  BindFeatures(m);
  BindExtractor(m);
  BindMatches(m);
  m.def("relative_pose", &RelativePoseOf, py::arg("first"), py::arg("second"),
        py::arg("matches"), py::arg("camera1"), py::arg("camera2"),
        py::arg("model"), py::arg("max_error"), py::arg("confidence"),
        py::arg("max_iterations"), py::arg("seed"));
  m.def("find_model", &FindModel, py::arg("models"), py::arg("name"));
  m.def("preset_names", &PresetNames,
        "The presets that have a name of their own.");
  m.def(
      "usual_ratio",
      [](const std::string& preset) { return UsualRatio(ParsePreset(preset)); },
      py::arg("preset"));
  m.def("set_num_threads", &SetNumThreads, py::arg("num_threads"));
  m.def("num_threads", &NumThreads);
}
