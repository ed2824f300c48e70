// SPDX-License-Identifier: Apache-2.0
#include "progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace {

constexpr size_t kUsualWidth = 80;

size_t TerminalWidth() {
  winsize size{};
  const bool known =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

// The first `width` characters of UTF-8 text.
std::string Cut(const std::string& text, size_t width) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool continues = (text[i] & 0xC0) == 0x80;
    if (!continues && ++characters > width) return text.substr(0, i);
  }
  return text;
}

std::string TimeText(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", std::ceil(seconds));
  if (seconds < 6000) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

std::string CountText(int done, int total, int since, double seconds) {
  if (since <= 0 || seconds <= 0 || done >= total) {
    return fmt::format("[{}/{}] ", done, total);
  }
  return fmt::format("[{}/{}, {} left] ", done, total,
                     TimeText(seconds / since * (total - done)));
}

ProgressLine::ProgressLine(bool quiet)
    : shown_(!quiet && isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() { Show(""); }

void ProgressLine::Show(const std::string& text) const {
  if (!shown_) return;
  // The last column stays free: some terminals begin a new line there.
  fmt::print(stderr, "\r\033[K{}", Cut(text, TerminalWidth() - 1));
  std::fflush(stderr);
}

void ProgressLine::Count(int done, int total, const std::string& text) const {
  if (!shown_) return;
  // Another count begins.
  if (!counting_ || done < start_count_) {
    counting_ = true;
    start_ = Clock::now();
    start_count_ = done;
  }
  const std::chrono::duration<double> passed = Clock::now() - start_;
  Show(CountText(done, total, done - start_count_, passed.count()) + text);
}
