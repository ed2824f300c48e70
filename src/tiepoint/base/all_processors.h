// SPDX-License-Identifier: Apache-2.0
#pragma once

// Before a function: also compiled for the widest vectors, and the right one
// chosen when the program starts. What it calls must be inlined into it to
// gain.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TIEPOINT_ALL_PROCESSORS \
  __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define TIEPOINT_ALL_PROCESSORS
#endif

// Before a function that is written once and compiled into several of those.
#define TIEPOINT_INLINE inline __attribute__((always_inline))
