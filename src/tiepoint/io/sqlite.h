// SPDX-License-Identifier: Apache-2.0
// Small helpers around SQLite's C interface, for the sources of this layer.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tiepoint/base/error.h"

namespace tiepoint {

// An open database. Everything here throws InputError with the file's name.
class SqliteConnection {
 public:
  // `name`: the file's in error messages.
  SqliteConnection(const std::string& path, std::string name, int flags);
  ~SqliteConnection() { sqlite3_close(handle_); }
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  void Execute(const char* sql) const;
  void Check(int code) const;
  InputError Failure(int code) const;
  // The names of a table's columns; empty where there is no such table.
  std::vector<std::string> Columns(const std::string& table) const;
  // The key of the row that was inserted last.
  int LastId() const {
    return static_cast<int>(sqlite3_last_insert_rowid(handle_));
  }
  sqlite3* Handle() const { return handle_; }

 private:
  std::string name_;
  sqlite3* handle_ = nullptr;
};

// One SQL statement: values are bound in the order of its places.
class SqliteStatement {
 public:
  SqliteStatement(const SqliteConnection& connection, const std::string& sql);
  ~SqliteStatement() { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  SqliteStatement& Bind(int64_t value);
  SqliteStatement& Bind(const std::string& text);  // has to live until it runs
  // The bytes have to live until the statement runs. Without elements: an empty
  // blob, not NULL.
  template <typename T>
  SqliteStatement& BindBlob(const std::vector<T>& data) {
    return BindBytes(data.empty() ? "" : static_cast<const void*>(data.data()),
                     data.size() * sizeof(T));
  }
  SqliteStatement& BindNull();

  // Runs a statement without rows; false when the row's key is there already.
  bool Insert();
  // The next row of a query; false after the last.
  bool Next();
  // Of the row; columns count from 0.
  int64_t Integer(int column) const;
  std::string Text(int column) const;
  bool IsNull(int column) const;
  // The bytes as numbers; throws when they are not `count` of them.
  template <typename T>
  std::vector<T> Blob(int column, size_t count) const {
    if (BlobSize(column) / sizeof(T) != count) {
      throw connection_.Failure(SQLITE_CORRUPT);
    }
    std::vector<T> data(count);
    CopyBlob(column, data.data(), count * sizeof(T));
    return data;
  }
  // Bytes of a blob.
  size_t BlobSize(int column) const;
  // The columns of the first row; zeros where there is none.
  std::vector<int64_t> Row(int columns);

 private:
  SqliteStatement& BindBytes(const void* data, size_t size);
  void CopyBlob(int column, void* data, size_t size) const;

  const SqliteConnection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

}  // namespace tiepoint
