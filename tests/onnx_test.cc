// SPDX-License-Identifier: Apache-2.0
// The trained networks, exported by the program and run by OpenCV's DNN module
// on patches and matches of real photographs, against ours in float32.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>

#include "run_program.h"
#include "tiepoint/correspondence/consensus_network.h"
#include "tiepoint/correspondence/match_inputs.h"
#include "tiepoint/features/grad_luv.h"
#include "tiepoint/features/patch_networks.h"
#include "tiepoint/geometry/weighted_eight_point.h"
#include "tiepoint/image/read_image.h"
#include "tiepoint/network/inference_network.h"
#include "tiepoint/network/naive_network.h"
#include "tiepoint/network/oriented_model.h"
#include "tiepoint/pipeline/extract.h"

namespace tiepoint {
namespace {

using Values = std::vector<float>;

// Largest difference, of the largest number.
constexpr double kTolerance = 1e-4;

class OnnxTest : public ProgramTest {
 protected:
  static std::string Photo(const std::string& name) {
    const char* folder = std::getenv("TIEPOINT_PHOTOS");
    const std::string path = std::string(folder ? folder : ".") + "/" + name;
    EXPECT_TRUE(std::filesystem::exists(path)) << path;
    return path;
  }
  static std::string Weights(const std::string& name) {
    return std::string(TIEPOINT_SOURCE_MODELS) + "/" + name + ".safetensors";
  }
  std::string Export(const std::string& name) const {
    const ProgramResult result =
        Run({"models", "export", Weights(name), "-o", Path(name + ".onnx")});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return Path(name + ".onnx");
  }
  // What a command of Python prints, errors too; nothing when all is well.
  std::string Python(const std::string& arguments) const {
    const std::string output = Path("python.txt");
    const std::string command = "cd " + folder_.string() + " && " +
                                TIEPOINT_PYTHON + " " + arguments + " > " +
                                output + " 2>&1";
    const int status = std::system(command.c_str());
    const std::string text = Content(output);
    return status != 0 && text.empty() ? "failed" : text;
  }
};

cv::Mat Blob(const std::vector<int>& shape, Values& data) {
  return {shape, CV_32F, data.data()};
}

Values Forward(cv::dnn::Net& net, const std::string& output) {
  const cv::Mat result = net.forward(output).clone();
  return {result.begin<float>(), result.end<float>()};
}

void ExpectSame(const std::string& what, const Values& found,
                const Values& expected) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  double largest = 0, difference = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    difference = std::max(difference, std::abs(double{found[i]} - expected[i]));
  }
  std::cout << what << ": differs by " << difference / largest << " of "
            << largest << "\n";
  EXPECT_LT(difference, kTolerance * largest) << what;
}

Values RunAll(const InferenceNetwork& network, const Values& input, int count) {
  const int in = network.model().spec.input.Size();
  const int out = OutputShape(network.model().spec).Size();
  Values result(static_cast<size_t>(count) * out);
  for (int i = 0; i < count; i += network.Batch()) {
    network.Run(&input[static_cast<size_t>(i) * in],
                std::min(network.Batch(), count - i),
                &result[static_cast<size_t>(i) * out]);
  }
  return result;
}

// 500 keypoints of a photograph and what is around them.
struct Scene {
  explicit Scene(const std::string& path)
      : image(ReadImage(path)), pyramid(image.gray) {
    const Steps steps = MakeSteps(ParsePreset("default"), {});
    features = Extract(image, steps, 500);
  }

  // All patches of a model's geometry with some contrast, 0..255.
  Values Patches(const Model& model, int& count) const {
    const PatchGeometry geometry = GeometryOf(model);
    const int size = geometry.size * geometry.size;
    Values all, patch(size);
    count = 0;
    for (const Keypoint& k : features.keypoints) {
      const bool polar = geometry.grid == PatchGeometry::Grid::kLogPolar;
      SamplePatch(pyramid, k.x, k.y, k.scale, polar ? 0 : k.angle, geometry,
                  patch.data());
      cv::Scalar mean, deviation;
      cv::meanStdDev(cv::Mat(1, size, CV_32F, patch.data()), mean, deviation);
      if (deviation[0] < 0.6) continue;
      all.insert(all.end(), patch.begin(), patch.end());
      ++count;
    }
    return all;
  }

  Image image;
  ImagePyramid pyramid;
  FeatureSet features;
};

Values Normalized(const Model& model, Values patches, int count) {
  const int size = model.spec.input.Size();
  for (int i = 0; i < count; ++i) {
    NormalizeInput(model, &patches[static_cast<size_t>(i) * size], size);
  }
  return patches;
}

TEST_F(OnnxTest, NetworksOnPatches) {
  const Scene scene(Photo("graf1.png"));
  for (const char* name :
       {"deepdesc", "logpolar", "lift_orientation", "orientation_logpolar"}) {
    const Model model = ReadModel(Weights(name));
    int count = 0;
    Values patches = scene.Patches(model, count);
    ASSERT_GT(count, 400);
    const Shape in = model.spec.input;
    cv::dnn::Net net = cv::dnn::readNetFromONNX(Export(name));
    net.setInput(Blob({count, 1, in.height, in.width}, patches), "patch");
    const bool direction = OutputShape(model.spec).Size() == 2;
    ExpectSame(name, Forward(net, direction ? "direction" : "descriptor"),
               RunAll(InferenceNetwork(model),
                      Normalized(model, patches, count), count));
  }
}

TEST_F(OnnxTest, AngleAndDescriptorInOne) {
  const Scene scene(Photo("graf1.png"));
  const OrientedModel model = ReadOrientedModel(Weights("oriented"));
  int count = 0;
  Values patches = scene.Patches(model.trunk, count);
  ASSERT_GT(count, 400);
  cv::dnn::Net net = cv::dnn::readNetFromONNX(Export("oriented"));
  net.setInput(Blob({count, 1, 32, 32}, patches), "patch");
  const Values maps = RunAll(InferenceNetwork(model.trunk),
                             Normalized(model.trunk, patches, count), count);
  const Values directions =
      RunAll(InferenceNetwork(model.orientation), maps, count);
  ExpectSame("oriented, direction", Forward(net, "direction"), directions);
  const Shape map = OutputShape(model.trunk.spec);
  Values turned(maps.size());
  for (int i = 0; i < count; ++i) {
    const size_t begin = static_cast<size_t>(i) * map.Size();
    TurnColumns(map, &maps[begin],
                AngleOf(directions[2 * i], directions[2 * i + 1]),
                &turned[begin]);
  }
  ExpectSame("oriented, descriptor", Forward(net, "descriptor"),
             RunAll(InferenceNetwork(model.descriptor), turned, count));
}

TEST_F(OnnxTest, DetectorsOnAPhotograph) {
  Image image = ReadImage(Photo("graf1.png"));
  for (const char* name : {"lift_detector", "jet_detector"}) {
    const Model model = ReadModel(Weights(name));
    Values pixels = image.gray.pixels;
    cv::dnn::Net net = cv::dnn::readNetFromONNX(Export(name));
    net.setInput(Blob({1, 1, image.height, image.width}, pixels), "image");
    const Values found = Forward(net, "score");
    NormalizeInput(model, pixels.data(), static_cast<int>(pixels.size()));
    int width = 0, height = 0;
    ExpectSame(name, found,
               InferenceNetwork(model).RunDense(pixels.data(), image.width,
                                                image.height, &width, &height));
    EXPECT_EQ(width, image.width - model.spec.input.width + 1);
  }
}

TEST_F(OnnxTest, TildeOnItsChannels) {
  const cv::Mat photograph =
      cv::imread(Photo("graf1.png"))(cv::Rect(300, 200, 60, 50)).clone();
  std::vector<cv::Mat> planes;
  cv::split(photograph, planes);
  std::vector<GrayImage> bgr;
  for (const cv::Mat& plane : planes) {
    GrayImage gray(plane.cols, plane.rows);
    plane.convertTo(cv::Mat(plane.rows, plane.cols, CV_32F, gray.pixels.data()),
                    CV_32F);
    bgr.push_back(std::move(gray));
  }
  Values channels;
  for (const GrayImage& channel : GradLuv(bgr)) {
    channels.insert(channels.end(), channel.pixels.begin(),
                    channel.pixels.end());
  }
  const Model model = ReadModel(Weights("tilde"));
  cv::dnn::Net net = cv::dnn::readNetFromONNX(Export("tilde"));
  net.setInput(Blob({1, 6, 50, 60}, channels), "image");
  ExpectSame("tilde", Forward(net, "score"),
             RunNaive(model, {6, 50, 60}, channels));
}

// Three files in turn, and our code between them.
TEST_F(OnnxTest, StagesOnMatches) {
  const Scene first(Photo("leuvenA.jpg")), second(Photo("leuvenB.jpg"));
  const std::vector<Match> matches =
      MatchMutually(first.features.descriptors, second.features.descriptors);
  const PinholeCamera camera{640, 640, 375, 281};
  const ConsensusModel model = ReadConsensusModel(Weights("correspondence"));
  const MatchInputs inputs =
      MakeMatchInputs(first.features, second.features, matches, camera, camera,
                      model.spec.inputs);
  const int count = static_cast<int>(matches.size());
  ASSERT_GT(count, 50);
  Export("correspondence");
  Values rows = inputs.values, state, logits, weights;
  int columns = inputs.columns;
  for (int s = 0; s < model.spec.Stages(); ++s) {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(
        Path("correspondence.stage" + std::to_string(s) + ".onnx"));
    net.setInput(Blob({count, columns}, rows), "matches");
    if (s > 0) {
      net.setInput(Blob({count, model.spec.channels}, state), "state");
    }
    logits = Forward(net, "logit");
    weights = Forward(net, "weight");
    if (s + 1 == model.spec.Stages()) break;
    Values next = Forward(net, "next_state");
    state.swap(next);
    const auto essential = ConditionedEightPoint(
        inputs.normalized, std::vector<double>(weights.begin(), weights.end()));
    Values longer;
    for (int i = 0; i < count; ++i) {
      longer.insert(longer.end(), &inputs.values[i * inputs.columns],
                    &inputs.values[i * inputs.columns] + inputs.columns);
      longer.push_back(EpipolarResidual(essential, inputs.normalized[i]));
      longer.push_back(weights[i]);
    }
    rows = longer;
    columns = model.spec.StageInputs(s + 1);
  }
  const ConsensusResult expected = ConsensusNetwork(model).Run(inputs.values);
  ExpectSame("correspondence, logits", logits, expected.logits);
  ExpectSame("correspondence, weights", weights, expected.weights);
}

// onnx.checker, the facts in the files, and the operators as ONNX defines them
// in NumPy, in double.
TEST_F(OnnxTest, FilesAreRight) {
  for (const char* name : {"jet_detector", "oriented", "lift_detector",
                           "lift_orientation", "orientation_logpolar",
                           "deepdesc", "logpolar", "tilde", "correspondence"}) {
    Export(name);
  }
  EXPECT_EQ(Python(std::string(TIEPOINT_CHECK_ONNX) + " *.onnx"), "");
}

// The examples of docs/onnx.md give what the program gives.
TEST_F(OnnxTest, ExamplesOfTheDocument) {
  Export("oriented");
  Export("correspondence");
  const ProgramResult result =
      Run({"match", Photo("leuvenA.jpg"), Photo("leuvenB.jpg"), "-o",
           folder_.string(), "--descriptors", "--camera1", "640,640,375,281",
           "--camera2", "640,640,375,281", "--precision", "f32"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  std::filesystem::copy(Photo("leuvenA.jpg"), Path("A.jpg"));
  EXPECT_EQ(Python(std::string(TIEPOINT_CHECK_ONNX_EXAMPLES) + " " +
                   TIEPOINT_ONNX_DOCUMENT),
            "");
}

TEST_F(OnnxTest, Refuses) {
  ExpectRefused(
      Run({"models", "export", "deepdesc", "-o", Path("none/x.onnx")}),
      {"none"});
  ExpectRefused(Run({"models", "export", "tilde", "-o", Path("x.onnx"),
                     "--separable", "4"}),
                {"--separable", ".txt"});
  for (const char* name : {"oriented", "correspondence", "deepdesc"}) {
    ExpectRefused(Run({"models", "export", name, "-o", Path("x.txt")}),
                  {"x.txt", ".onnx"});
  }
  ExpectRefused(Run({"models", "export", "nothing", "-o", Path("x.onnx")}),
                {"nothing"});
}

}  // namespace
}  // namespace tiepoint
