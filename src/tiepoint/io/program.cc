// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{10};
constexpr milliseconds kGrace{2000};

bool CanRun(const std::string& path) {
  return fs::is_regular_file(path) && access(path.c_str(), X_OK) == 0;
}

InputError CannotStart(const std::string& program, int code) {
  return InputError(program + ": cannot be started (" + std::strerror(code) +
                    ")");
}

// Standard streams of the child: nothing in, both outputs into the log.
class Streams {
 public:
  explicit Streams(const std::string& log) {
    log_ = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (log_ < 0) {
      throw InputError(log + ": cannot be written (" + std::strerror(errno) +
                       ")");
    }
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, log_, 1);
    posix_spawn_file_actions_adddup2(&actions_, log_, 2);
    // Nor any other file of ours (libraries open some without O_CLOEXEC): when
    // we are killed, the child would go on holding their locks.
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
#endif
  }
  ~Streams() {
    posix_spawn_file_actions_destroy(&actions_);
    close(log_);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  const posix_spawn_file_actions_t* Get() const { return &actions_; }

 private:
  int log_ = -1;
  posix_spawn_file_actions_t actions_;
};

// A process group of its own, and signals as a fresh program has them.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGXFSZ}) {
      sigaddset(&signals, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* Get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// "NAME=value" of our environment with the call's variables.
std::vector<std::string> EnvironmentOf(const ProgramCall& call) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const bool replaced = std::any_of(
        call.environment.begin(), call.environment.end(),
        [&](const auto& own) { return text.starts_with(own.first + "="); });
    if (!replaced) result.push_back(text);
  }
  for (const auto& [name, value] : call.environment) {
    result.push_back(name + "=" + value);
  }
  return result;
}

pid_t Start(const ProgramCall& call) {
  const Streams streams(call.log);
  const Attributes attributes;
  std::vector<std::string> words = call.command;
  std::vector<std::string> environment = EnvironmentOf(call);
  pid_t child = 0;
  const int code =
      posix_spawn(&child, words[0].c_str(), streams.Get(), attributes.Get(),
                  Pointers(words).data(), Pointers(environment).data());
  if (code != 0) throw CannotStart(words[0], code);
  return child;
}

// Did it end? Then `status` is set.
bool HasEnded(pid_t child, int& status) {
  pid_t ended = 0;
  do {
    ended = waitpid(child, &status, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  return ended != 0;
}

void End(pid_t child) {
  int status = 0;
  kill(-child, SIGTERM);
  for (milliseconds waited{0}; waited < kGrace; waited += kPoll) {
    if (HasEnded(child, status)) return;
    std::this_thread::sleep_for(kPoll);
  }
  kill(-child, SIGKILL);
  while (!HasEnded(child, status)) std::this_thread::sleep_for(kPoll);
}

}  // namespace

std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return CanRun(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = (fs::path(folder) / name).string();
    if (!name.empty() && CanRun(candidate)) return candidate;
  }
  return "";
}

std::string ProgramEnd::Describe() const {
  if (signal == 0) return "exit code " + std::to_string(exit_code);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

ProgramEnd RunProgram(const ProgramCall& call) {
  if (call.command.empty()) throw InputError("no program to run");
  const pid_t child = Start(call);
  int status = 0;
  while (!HasEnded(child, status)) {
    if (InterruptRequested()) {
      End(child);
      throw Interrupted();
    }
    std::this_thread::sleep_for(kPoll);
  }
  ProgramEnd end;
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  return end;
}

std::string LastLine(const std::string& log) {
  std::ifstream file(log);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last;
}

}  // namespace tiepoint
