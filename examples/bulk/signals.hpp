#pragma once

namespace bulk {

/// From now on Ctrl-C and SIGTERM are counted and end nothing by themselves.
void catch_signals();

/// How many came.
int signals_caught();

}  // namespace bulk
