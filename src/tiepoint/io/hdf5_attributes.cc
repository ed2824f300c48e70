// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/hdf5_attributes.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/error.h"
#include "tiepoint/io/journaled_file.h"

namespace tiepoint {
namespace {

std::optional<std::string> ReadText(hid_t file, const std::string& name) {
  const Hdf5Attribute attribute(H5Aopen(file, name.c_str(), H5P_DEFAULT));
  if (!attribute) return std::nullopt;
  const Hdf5Type type(H5Aget_type(attribute.Id()));
  const Hdf5Space space(H5Aget_space(attribute.Id()));
  if (H5Tget_class(type.Id()) != H5T_STRING ||
      H5Sget_simple_extent_npoints(space.Id()) != 1) {
    return std::nullopt;
  }
  if (H5Tis_variable_str(type.Id()) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute.Id(), type.Id(), &text) < 0 || text == nullptr) {
      return std::nullopt;
    }
    std::string copy(text);
    H5free_memory(text);
    return copy;
  }
  std::string text(H5Tget_size(type.Id()), '\0');
  if (H5Aread(attribute.Id(), type.Id(), text.data()) < 0) return std::nullopt;
  return text.substr(0, text.find('\0'));
}

extern "C" herr_t NoteAttribute(hid_t, const char* name, const H5A_info_t*,
                                void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

Hdf5Type TextType() {
  Hdf5Type type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.Id(), H5T_VARIABLE);
  H5Tset_cset(type.Id(), H5T_CSET_UTF8);
  return type;
}

bool WriteText(hid_t file, const std::string& name, const std::string& text) {
  const Hdf5Type type = TextType();
  const Hdf5Space space(H5Screate(H5S_SCALAR));
  const Hdf5Attribute attribute(H5Acreate2(
      file, name.c_str(), type.Id(), space.Id(), H5P_DEFAULT, H5P_DEFAULT));
  const char* const data = text.c_str();
  return attribute && H5Awrite(attribute.Id(), type.Id(), &data) >= 0;
}

// The bytes of a file that holds nothing else. Made in memory.
std::string EmptyHdf5(const std::map<std::string, std::string>& attributes) {
  const Hdf5Properties access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fapl_core(access.Id(), 1 << 16, /*backing_store=*/false);
  const Hdf5File file(
      H5Fcreate("empty", H5F_ACC_TRUNC, H5P_DEFAULT, access.Id()));
  bool done = static_cast<bool>(file);
  for (const auto& [name, text] : attributes) {
    done = done && WriteText(file.Id(), name, text);
  }
  done = done && H5Fflush(file.Id(), H5F_SCOPE_LOCAL) >= 0;
  const ssize_t size =
      done ? H5Fget_file_image(file.Id(), nullptr, 0) : ssize_t{-1};
  std::string bytes(std::max<ssize_t>(size, 0), '\0');
  if (size <= 0 || H5Fget_file_image(file.Id(), bytes.data(), size) != size) {
    throw InputError("HDF5: a new file cannot be made (" + Hdf5Error() + ")");
  }
  return bytes;
}

}  // namespace

std::map<std::string, std::string> ReadTextAttributes(hid_t file) {
  std::vector<std::string> names;
  H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, NoteAttribute, &names);
  std::map<std::string, std::string> attributes;
  for (const std::string& name : names) {
    if (auto text = ReadText(file, name)) attributes[name] = *text;
  }
  return attributes;
}

void CreateMissingHdf5(const std::string& path,
                       const std::map<std::string, std::string>& attributes) {
  SilenceHdf5();
  if (std::filesystem::exists(path)) return;
  // A journal without its file belongs to one that was removed.
  std::error_code ignored;
  std::filesystem::remove(JournalPath(path), ignored);
  WriteFileAtomically(path, EmptyHdf5(attributes));
}

Hdf5File OpenHdf5ToRead(const std::string& path) {
  SilenceHdf5();
  if (!std::filesystem::exists(path)) {
    throw InputError(path + ": there is no such file");
  }
  RecoverFile(path);
  Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!file) {
    throw InputError(path + ": cannot be read as HDF5 (" + Hdf5Error() + ")");
  }
  return file;
}

void CheckAttributes(const std::string& path,
                     const std::map<std::string, std::string>& found,
                     const std::map<std::string, std::string>& expected) {
  std::vector<std::string> differences;
  for (const auto& [name, text] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) {
      throw InputError(path + ": was not made by this command (no attribute '" +
                       name + "'); choose another file");
    }
    if (other->second != text) {
      differences.push_back(name + " (" + other->second + ", not " + text +
                            ")");
    }
  }
  if (differences.empty()) return;
  // The shortest says most: a preset rather than all its options.
  const auto shortest = std::min_element(
      differences.begin(), differences.end(),
      [](const auto& a, const auto& b) { return a.size() < b.size(); });
  throw InputError(path + ": was made with other options: " + *shortest +
                   "; choose another file");
}

}  // namespace tiepoint
