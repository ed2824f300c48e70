// SPDX-License-Identifier: Apache-2.0
// Work shared among threads, with results that do not depend on their number.
#pragma once

#include <functional>

namespace tiepoint {

// The number of threads that ParallelFor uses; 0 means one for each core.
// Set once by the program (--threads), before any work.
void SetNumThreads(int num_threads);
int NumThreads();

// Calls body(i) for every i in [0, count), each exactly once, in any order, on
// NumThreads() threads. `body` writes only to places that belong to its own i;
// then the result is the same for every number of threads. The first exception
// thrown by a body is rethrown here after all threads have stopped. A call
// from inside a body runs on the calling thread alone. A pending interrupt
// (RequestInterrupt) stops the loop with Interrupted.
void ParallelFor(int count, const std::function<void(int)>& body);

// Asks the running work to stop: async-signal-safe, for a SIGINT handler.
void RequestInterrupt();
bool InterruptRequested();
// Throws Interrupted when RequestInterrupt() was called.
void CheckInterrupt();
// Forgets the request, once nothing runs any more: for a host that goes on.
void ClearInterrupt();

}  // namespace tiepoint
