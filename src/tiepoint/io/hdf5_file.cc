// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/hdf5_file.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <exception>

#include "tiepoint/base/error.h"

namespace tiepoint {
namespace {

using Storage = JournaledHdf5::Storage;

// A file driver of HDF5 over JournaledFile. HDF5 knows it through `base`, so
// that comes first.
struct Driver {
  H5FD_t base{};
  Storage* storage = nullptr;
  haddr_t end = 0;  // of the addresses that HDF5 has given out
};

Driver& From(H5FD_t* base) { return *reinterpret_cast<Driver*>(base); }
const Driver& From(const H5FD_t* base) {
  return *reinterpret_cast<const Driver*>(base);
}

// The property list carries the address of the Storage.
H5FD_t* Open(const char*, unsigned, hid_t properties, haddr_t) {
  const void* const info = H5Pget_driver_info(properties);
  if (info == nullptr) return nullptr;
  auto* const driver = new Driver;
  driver->storage = *static_cast<Storage* const*>(info);
  return &driver->base;
}

herr_t Close(H5FD_t* base) {
  delete &From(base);
  return 0;
}

herr_t Query(const H5FD_t*, unsigned long* flags) {
  if (flags != nullptr) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
             H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
  }
  return 0;
}

haddr_t GetEnd(const H5FD_t* base, H5FD_mem_t) { return From(base).end; }

herr_t SetEnd(H5FD_t* base, H5FD_mem_t, haddr_t end) {
  From(base).end = end;
  return 0;
}

haddr_t GetSize(const H5FD_t* base, H5FD_mem_t) {
  return From(base).storage->file.Size();
}

// Runs `action` unless something failed before. Exceptions must not pass
// through C, and HDF5 hears of no failure: it would then refuse to close.
template <typename Action>
herr_t Guarded(Storage& storage, const Action& action) {
  if (!storage.error.empty()) return 0;
  try {
    action();
  } catch (const std::exception& error) {
    storage.error = error.what();
  }
  return 0;
}

herr_t Read(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size,
            void* data) {
  try {
    From(base).storage->file.Read(address, data, size);
  } catch (const std::exception&) {
    return -1;
  }
  return 0;
}

herr_t Write(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size,
             const void* data) {
  Storage& storage = *From(base).storage;
  return Guarded(storage, [&] { storage.file.Write(address, data, size); });
}

// A file that is shorter than the addresses given out counts as truncated.
herr_t Truncate(H5FD_t* base, hid_t, hbool_t) {
  const Driver& driver = From(base);
  return Guarded(*driver.storage,
                 [&] { driver.storage->file.Extend(driver.end); });
}

hid_t RegisterDriver() {
  static H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(511);  // of those for testing
#endif
  driver.name = "tiepoint journal";
  driver.maxaddr = static_cast<haddr_t>(1) << 62;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.fapl_size = sizeof(Storage*);
  driver.open = Open;
  driver.close = Close;
  driver.query = Query;
  driver.get_eoa = GetEnd;
  driver.set_eoa = SetEnd;
  driver.get_eof = GetSize;
  driver.read = Read;
  driver.write = Write;
  driver.truncate = Truncate;
  const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(map), std::end(map), driver.fl_map);
  return H5FDregister(&driver);
}

hid_t OpenWithDriver(const std::string& path, Storage* storage) {
  static const hid_t driver = RegisterDriver();
  const Hdf5Properties properties(H5Pcreate(H5P_FILE_ACCESS));
  if (H5Pset_driver(properties.Id(), driver, &storage) < 0) {
    return H5I_INVALID_HID;
  }
  return H5Fopen(path.c_str(), H5F_ACC_RDWR, properties.Id());
}

herr_t KeepFirst(unsigned index, const H5E_error2_t* error, void* text) {
  if (index == 0 && error->desc != nullptr) {
    *static_cast<std::string*>(text) = error->desc;
  }
  return 0;
}

}  // namespace

void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string Hdf5Error() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, KeepFirst, &text);
  return text;
}

JournaledHdf5::JournaledHdf5(const std::string& path)
    : path_(path),
      storage_{JournaledFile(path), ""},
      file_(OpenWithDriver(path, &storage_)) {
  if (!file_) {
    throw InputError(path + ": is not an HDF5 file (" + Hdf5Error() + ")");
  }
}

JournaledHdf5::~JournaledHdf5() {
  // Closing writes; nothing that was not committed may reach the file.
  if (storage_.error.empty()) storage_.error = "closed";
  file_.Close();
}

void JournaledHdf5::Fail(const std::string& reason) {
  if (storage_.error.empty()) {
    storage_.error = reason + " (" + Hdf5Error() + ")";
  }
}

void JournaledHdf5::Commit() {
  if (storage_.error.empty() && H5Fflush(file_.Id(), H5F_SCOPE_LOCAL) < 0) {
    Fail(path_ + ": cannot be written");
  }
  if (storage_.error.empty()) {
    Guarded(storage_, [&] { storage_.file.Commit(); });
  }
  if (!storage_.error.empty()) throw InputError(storage_.error);
}

}  // namespace tiepoint
