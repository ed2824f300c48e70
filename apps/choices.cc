// SPDX-License-Identifier: Apache-2.0
#include "choices.h"

namespace {

// Validators are stored by value, as their base class: what stays of ours is
// the name, which CLI11 only searches by.
constexpr const char* kPrefix = "choices:";

std::string NameOf(const std::vector<std::string>& values) {
  return kPrefix + CLI::detail::join(values, ",");
}

}  // namespace

CLI::Validator OneOf(const std::vector<std::string>& values) {
  CLI::Validator validator = CLI::IsMember(values);
  return validator.description("").name(NameOf(values));
}

CLI::Validator Suggested(const std::vector<std::string>& values) {
  CLI::Validator validator;
  return validator.name(NameOf(values));
}

std::vector<std::string> ChoicesOf(CLI::Option& option) {
  for (int i = 0;; ++i) {
    const CLI::Validator* validator = nullptr;
    try {
      validator = option.get_validator(i);
    } catch (const CLI::OptionNotFound&) {  // there are no more
      return {};
    }
    const std::string& name = validator->get_name();
    if (name.starts_with(kPrefix)) {
      return CLI::detail::split(name.substr(std::string(kPrefix).size()), ',');
    }
  }
}
