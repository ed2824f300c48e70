// SPDX-License-Identifier: Apache-2.0
// The bars of `tiepoint evaluate --check`.
#pragma once

#include "evaluation/protocol.h"

// Has the first method at least as many correct matches (within 3 pixels, mean
// of the pairs) as RootSIFT? `result` of the protocol matching. Prints both
// unless quiet. Throws InputError where rootsift was not evaluated.
bool CheckMatching(const tiepoint::ProtocolResult& result, bool quiet);

// Has the first method enough correct matches at every angle of every
// photograph (80 %), and orientations that look at the picture (no 30 degrees
// hold more than half of them)? `result` of the protocol rotation. Prints what
// was found unless quiet.
bool CheckRotation(const tiepoint::ProtocolResult& result, bool quiet);
