// SPDX-License-Identifier: Apache-2.0
// Writes a graph of ONNX (onnx.ai, operator set 12): a thin layer over the
// classes that protobuf makes of onnx.proto, so that nothing else includes
// them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tiepoint {

class OnnxGraph {
 public:
  // A size that is open until the graph runs is a name: "N".
  using Size = std::variant<int64_t, std::string>;
  using Attribute = std::variant<int64_t, float, std::vector<int64_t>>;
  using Attributes = std::map<std::string, Attribute>;

  explicit OnnxGraph(const std::string& name);
  ~OnnxGraph();
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  // Float inputs and outputs; `about` says what they are, with units. Input
  // returns its name.
  std::string Input(const std::string& name, const std::vector<Size>& shape,
                    const std::string& about);
  void Output(const std::string& name, const std::vector<Size>& shape,
              const std::string& about);
  // Weights, row-major; return their name. Throw InputError when `data` has
  // another number of values than the shape.
  std::string Constant(const std::string& name,
                       const std::vector<int64_t>& shape,
                       const std::vector<float>& data);
  std::string Integers(const std::string& name,
                       const std::vector<int64_t>& data);
  // One number that is spread over whatever it meets.
  std::string Number(const std::string& name, double value);
  // Returns the name of the operator's one output, which is `name`, made
  // different where there is one already.
  std::string Node(const std::string& op,
                   const std::vector<std::string>& inputs,
                   const std::string& name, const Attributes& attributes = {});

  // Facts about the whole file, found again as metadata_props.
  void Fact(const std::string& key, const std::string& value);
  void About(const std::string& text);  // doc_string
  // The bytes of the .onnx file; the same for the same calls.
  std::string Bytes() const;

 private:
  struct Content;
  std::string Unused(const std::string& name);
  std::unique_ptr<Content> content_;
};

}  // namespace tiepoint
