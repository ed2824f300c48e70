// SPDX-License-Identifier: Apache-2.0
#include "evaluation_record.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <utility>

#include "commit.h"
#include "tiepoint/base/atomic_file.h"
#include "tiepoint/base/parallel.h"

namespace {

namespace fs = std::filesystem;
using namespace tiepoint;

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &utc);
  return text.data();
}

// Absolute paths by their last part: where a folder lies on one machine says
// nothing about the numbers, and records are published.
std::string WithoutFolders(const std::string& argument) {
  std::string text, word;
  const auto add_word = [&] {
    const bool absolute = word.size() > 1 && word.front() == '/';
    if (absolute && word.back() == '/') word.pop_back();
    text += absolute ? fs::path(word).filename().string() : word;
    word.clear();
  };
  for (const char c : argument) {
    if (c == ',' || c == '=' || c == ':') {
      add_word();
      text += c;
    } else {
      word += c;
    }
  }
  add_word();
  return text;
}

std::string CommandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text, argument;
  while (std::getline(file, argument, '\0')) {
    text += text.empty() ? fs::path(argument).filename().string()
                         : " " + WithoutFolders(argument);
  }
  return text;
}

std::string Machine() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, name = "unknown processor";
  while (std::getline(file, line)) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      name = line.substr(colon + 2);
      break;
    }
  }
  const int threads = NumThreads();
  return name + ", " + std::to_string(threads) +
         (threads == 1 ? " thread" : " threads");
}

}  // namespace

ReportHead MakeReportHead(const std::string& title) {
  ReportHead head;
  head.title = title;
  head.version = TIEPOINT_VERSION;
  head.commit = TIEPOINT_COMMIT;
  head.date = Now();
  head.command = CommandLine();
  head.machine = Machine();
  return head;
}

void CheckWritable(const EvaluationFiles& files) {
  for (const std::string& path :
       {files.json, files.csv, files.html, files.markdown}) {
    const fs::path folder = fs::path(path).parent_path();
    if (!folder.empty()) EnsureWritableFolder(folder);
  }
}

std::vector<std::string> WriteEvaluation(const Report& report,
                                         const EvaluationFiles& files) {
  std::vector<std::string> written;
  const auto write = [&](const std::string& path, const auto& content) {
    if (path.empty()) return;
    WriteFileAtomically(path, content(report));
    written.push_back(path);
  };
  write(files.json, ResultJson);
  write(files.csv, ResultCsv);
  write(files.html, HtmlReport);
  write(files.markdown, ResultMarkdown);
  return written;
}

std::string DefaultCacheFolder() {
  const auto folder = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const fs::path cache = folder("XDG_CACHE_HOME"); !cache.empty()) {
    return cache / "tiepoint";
  }
  if (const fs::path home = folder("HOME"); !home.empty()) {
    return home / ".cache" / "tiepoint";
  }
  return "";
}
