// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/onnx/onnx_graph.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

// What OpenCV's DNN module since 4.5, onnxruntime since 1.3 and all later ones
// read.
constexpr int kOperatorSet = 12;
constexpr int kIrVersion = 7;

void SetShape(const std::vector<OnnxGraph::Size>& shape,
              onnx::ValueInfoProto& value) {
  auto* type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  type->mutable_shape();
  for (const OnnxGraph::Size& size : shape) {
    auto* dimension = type->mutable_shape()->add_dim();
    if (const auto* name = std::get_if<std::string>(&size)) {
      dimension->set_dim_param(*name);
    } else {
      dimension->set_dim_value(std::get<int64_t>(size));
    }
  }
}

void SetAttribute(const OnnxGraph::Attribute& value,
                  onnx::AttributeProto& attribute) {
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(*whole);
  } else if (const auto* real = std::get_if<float>(&value)) {
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(*real);
  } else {
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const int64_t i : std::get<std::vector<int64_t>>(value)) {
      attribute.add_ints(i);
    }
  }
}

// Numbers as the machine has them: little-endian, as ONNX wants.
template <typename T>
void SetData(const std::vector<int64_t>& shape, const std::vector<T>& data,
             onnx::TensorProto& tensor) {
  for (const int64_t size : shape) tensor.add_dims(size);
  tensor.set_raw_data(data.data(), data.size() * sizeof(T));
}

}  // namespace

struct OnnxGraph::Content {
  onnx::ModelProto model;
  std::set<std::string> names;

  onnx::GraphProto& graph() { return *model.mutable_graph(); }
};

OnnxGraph::OnnxGraph(const std::string& name)
    : content_(std::make_unique<Content>()) {
  onnx::ModelProto& model = content_->model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("tiepoint");
  model.add_opset_import()->set_version(kOperatorSet);
  content_->graph().set_name(name);
}

OnnxGraph::~OnnxGraph() = default;

std::string OnnxGraph::Unused(const std::string& name) {
  std::string unused = name;
  for (int i = 2; !content_->names.insert(unused).second; ++i) {
    unused = name + "_" + std::to_string(i);
  }
  return unused;
}

std::string OnnxGraph::Input(const std::string& name,
                             const std::vector<Size>& shape,
                             const std::string& about) {
  onnx::ValueInfoProto* input = content_->graph().add_input();
  input->set_name(Unused(name));
  input->set_doc_string(about);
  SetShape(shape, *input);
  return input->name();
}

void OnnxGraph::Output(const std::string& name, const std::vector<Size>& shape,
                       const std::string& about) {
  onnx::ValueInfoProto* output = content_->graph().add_output();
  output->set_name(name);
  output->set_doc_string(about);
  SetShape(shape, *output);
}

std::string OnnxGraph::Constant(const std::string& name,
                                const std::vector<int64_t>& shape,
                                const std::vector<float>& data) {
  int64_t size = 1;
  for (const int64_t n : shape) size *= n;
  if (size != static_cast<int64_t>(data.size())) {
    throw InputError("'" + name + "' has " + std::to_string(data.size()) +
                     " values, not " + std::to_string(size));
  }
  onnx::TensorProto* tensor = content_->graph().add_initializer();
  tensor->set_name(Unused(name));
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  SetData(shape, data, *tensor);
  return tensor->name();
}

std::string OnnxGraph::Integers(const std::string& name,
                                const std::vector<int64_t>& data) {
  onnx::TensorProto* tensor = content_->graph().add_initializer();
  tensor->set_name(Unused(name));
  tensor->set_data_type(onnx::TensorProto::INT64);
  SetData({static_cast<int64_t>(data.size())}, data, *tensor);
  return tensor->name();
}

std::string OnnxGraph::Number(const std::string& name, double value) {
  return Constant(name, {1}, {static_cast<float>(value)});
}

std::string OnnxGraph::Node(const std::string& op,
                            const std::vector<std::string>& inputs,
                            const std::string& name,
                            const Attributes& attributes) {
  onnx::NodeProto* node = content_->graph().add_node();
  const std::string output = Unused(name);
  node->set_op_type(op);
  node->set_name(output);
  node->add_output(output);
  for (const std::string& input : inputs) node->add_input(input);
  for (const auto& [key, value] : attributes) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(key);
    SetAttribute(value, *attribute);
  }
  return output;
}

void OnnxGraph::Fact(const std::string& key, const std::string& value) {
  if (key == "version") content_->model.set_producer_version(value);
  auto* property = content_->model.add_metadata_props();
  property->set_key(key);
  property->set_value(value);
}

void OnnxGraph::About(const std::string& text) {
  content_->model.set_doc_string(text);
}

std::string OnnxGraph::Bytes() const {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!content_->model.SerializeToCodedStream(&coded)) {
    throw InputError("the graph is too large for ONNX");
  }
  coded.Trim();
  return bytes;
}

}  // namespace tiepoint
