// SPDX-License-Identifier: Apache-2.0
// Small helpers around libhdf5's C interface, for the sources of this layer.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "tiepoint/io/journaled_file.h"

namespace tiepoint {

// Owns an identifier of HDF5; `close` is H5Fclose, H5Dclose, ...
template <herr_t (*close)(hid_t)>
class Hdf5Handle {
 public:
  explicit Hdf5Handle(hid_t id = H5I_INVALID_HID) : id_(id) {}
  ~Hdf5Handle() { Close(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }

  explicit operator bool() const { return id_ >= 0; }
  hid_t Id() const { return id_; }
  void Close() {
    if (id_ >= 0) close(id_);
    id_ = H5I_INVALID_HID;
  }

 private:
  hid_t id_;
};

using Hdf5File = Hdf5Handle<H5Fclose>;
using Hdf5Group = Hdf5Handle<H5Gclose>;
using Hdf5Data = Hdf5Handle<H5Dclose>;
using Hdf5Space = Hdf5Handle<H5Sclose>;
using Hdf5Type = Hdf5Handle<H5Tclose>;
using Hdf5Attribute = Hdf5Handle<H5Aclose>;
using Hdf5Properties = Hdf5Handle<H5Pclose>;

// Stops HDF5 from printing the errors of the calling thread. To be called
// before anything else there.
void SilenceHdf5();

// The innermost reason of the last call that failed, e.g. "truncated file:
// eof = 96, ...".
std::string Hdf5Error();

// An HDF5 file that exists, open for changes, which come into being with
// Commit() (see journaled_file.h). Throws InputError when it cannot be opened.
class JournaledHdf5 {
 public:
  explicit JournaledHdf5(const std::string& path);
  ~JournaledHdf5();
  JournaledHdf5(const JournaledHdf5&) = delete;
  JournaledHdf5& operator=(const JournaledHdf5&) = delete;

  hid_t Id() const { return file_.Id(); }
  // Everything since the last commit, all or (InputError) nothing: then every
  // later commit fails too, and the file stays as it was.
  void Commit();
  // A change failed halfway: nothing of it may be committed. The next Commit()
  // throws InputError with this reason and HDF5's.
  void Fail(const std::string& reason);

  // For the driver: what HDF5 reads and writes.
  struct Storage {
    JournaledFile file;
    std::string error;  // why a write failed; nothing is written after that
  };

 private:
  std::string path_;
  Storage storage_;
  Hdf5File file_;
};

}  // namespace tiepoint
