// SPDX-License-Identifier: Apache-2.0
#include "interrupt.h"

#include <unistd.h>

#include <csignal>

#include "tiepoint/base/parallel.h"

namespace {

// Python's own handler; written while ours is not installed.
struct sigaction g_python = {};

void OnSignal(int signal) {
  tiepoint::RequestInterrupt();
  g_python.sa_handler(signal);
}

}  // namespace

StopOnInterrupt::StopOnInterrupt() {
  if (gettid() != getpid()) return;
  struct sigaction python = {};
  if (sigaction(SIGINT, nullptr, &python) != 0) return;
  // Where Python ignores the signal or leaves it to the system, so do we.
  if ((python.sa_flags & SA_SIGINFO) != 0 || python.sa_handler == SIG_DFL ||
      python.sa_handler == SIG_IGN || python.sa_handler == OnSignal) {
    return;
  }
  g_python = python;
  struct sigaction ours = python;
  ours.sa_handler = OnSignal;
  installed_ = sigaction(SIGINT, &ours, nullptr) == 0;
}

StopOnInterrupt::~StopOnInterrupt() {
  if (!installed_) return;
  sigaction(SIGINT, &g_python, nullptr);
  tiepoint::ClearInterrupt();
}
