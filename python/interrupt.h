// SPDX-License-Identifier: Apache-2.0
#pragma once

// While it lives on the main thread, Ctrl-C stops Tiepoint's work (Interrupted)
// beside telling Python. Other threads run no Python signal handlers: there it
// does nothing, and the work goes on or stops with that of the main thread.
class StopOnInterrupt {
 public:
  StopOnInterrupt();
  ~StopOnInterrupt();
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;

 private:
  bool installed_ = false;
};
