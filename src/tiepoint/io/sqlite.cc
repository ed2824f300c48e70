// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/sqlite.h"

#include <cstring>
#include <utility>

namespace tiepoint {

SqliteConnection::SqliteConnection(const std::string& path, std::string name,
                                   int flags)
    : name_(std::move(name)) {
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code == SQLITE_OK) return;
  sqlite3_close(handle_);
  throw Failure(code);
}

void SqliteConnection::Execute(const char* sql) const {
  Check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

void SqliteConnection::Check(int code) const {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw Failure(code);
  }
}

InputError SqliteConnection::Failure(int code) const {
  return InputError(name_ + ": " + sqlite3_errstr(code));
}

std::vector<std::string> SqliteConnection::Columns(
    const std::string& table) const {
  std::vector<std::string> names;
  SqliteStatement statement(*this, "SELECT name FROM pragma_table_info(?)");
  statement.Bind(table);
  while (statement.Next()) names.push_back(statement.Text(0));
  return names;
}

SqliteStatement::SqliteStatement(const SqliteConnection& connection,
                                 const std::string& sql)
    : connection_(connection) {
  connection.Check(sqlite3_prepare_v2(connection.Handle(), sql.c_str(), -1,
                                      &statement_, nullptr));
}

SqliteStatement& SqliteStatement::Bind(int64_t value) {
  connection_.Check(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

SqliteStatement& SqliteStatement::Bind(const std::string& text) {
  connection_.Check(sqlite3_bind_text(statement_, ++bound_, text.data(),
                                      static_cast<int>(text.size()),
                                      SQLITE_STATIC));
  return *this;
}

SqliteStatement& SqliteStatement::BindNull() {
  connection_.Check(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

SqliteStatement& SqliteStatement::BindBytes(const void* data, size_t size) {
  connection_.Check(
      sqlite3_bind_blob64(statement_, ++bound_, data, size, SQLITE_STATIC));
  return *this;
}

bool SqliteStatement::Insert() {
  const int code = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bound_ = 0;
  if (code == SQLITE_CONSTRAINT) return false;
  connection_.Check(code);
  return true;
}

bool SqliteStatement::Next() {
  const int code = sqlite3_step(statement_);
  connection_.Check(code);
  return code == SQLITE_ROW;
}

int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteStatement::Text(int column) const {
  const void* const text = sqlite3_column_text(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return text == nullptr ? ""
                         : std::string(static_cast<const char*>(text),
                                       static_cast<size_t>(size));
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

size_t SqliteStatement::BlobSize(int column) const {
  return static_cast<size_t>(sqlite3_column_bytes(statement_, column));
}

void SqliteStatement::CopyBlob(int column, void* data, size_t size) const {
  const void* const blob = sqlite3_column_blob(statement_, column);
  if (BlobSize(column) != size) throw connection_.Failure(SQLITE_CORRUPT);
  if (size > 0) std::memcpy(data, blob, size);
}

std::vector<int64_t> SqliteStatement::Row(int columns) {
  const bool any = Next();
  std::vector<int64_t> row(columns);
  for (int c = 0; any && c < columns; ++c) row[c] = Integer(c);
  return row;
}

}  // namespace tiepoint
