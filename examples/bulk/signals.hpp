#pragma once

namespace bulk {

/// Opens /dev/null for each standard stream that is closed. Otherwise a file opened later could get
/// its number, and output would be written into that file.
void open_standard_streams();

/// Counts Ctrl-C and SIGTERM from now on; they do not end the process. SIGHUP counts too, unless it
/// is ignored (as by nohup), but only as the first signal: a terminal that is closed may send it
/// twice. SIGPIPE and SIGXFSZ are ignored: the write returns an error instead.
void catch_signals();

/// Returns the number of signals so far.
int signals_caught();

}  // namespace bulk
