// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <utility>

namespace pullseal {
namespace {

using std::chrono::milliseconds;

std::optional<std::int64_t> Digits(std::string_view text) {
  std::int64_t value = 0;
  if (text.empty() || text.size() > 15) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Splits "123ms" into its count and its unit.
std::pair<std::string_view, std::string_view> SplitUnit(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return {text.substr(0, end), text.substr(end)};
}

std::optional<std::chrono::microseconds> Fraction(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::string padded(digits);
  padded.resize(9, '0');
  const auto nanos = Digits(padded);
  if (!nanos) return std::nullopt;
  return std::chrono::microseconds(*nanos / 1000);
}

}  // namespace

std::string FormatTime(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<microseconds>(time - day)};
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out;
}

std::optional<WallTime> ParseTime(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20 || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto y = Digits(text.substr(0, 4));
  const auto mo = Digits(text.substr(5, 2));
  const auto d = Digits(text.substr(8, 2));
  const auto h = Digits(text.substr(11, 2));
  const auto mi = Digits(text.substr(14, 2));
  const auto s = Digits(text.substr(17, 2));
  if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
  if (*y < 1970 || *y > 2261) return std::nullopt;  // what the clock's nanoseconds can hold
  const year_month_day date{year(static_cast<int>(*y)), month(static_cast<unsigned>(*mo)),
                            day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  microseconds fraction{0};
  const std::string_view rest = text.substr(19, text.size() - 20);
  if (!rest.empty()) {
    const auto parsed = rest.front() == '.' ? Fraction(rest.substr(1)) : std::nullopt;
    if (!parsed) return std::nullopt;
    fraction = *parsed;
  }
  return sys_days{date} + hours(*h) + minutes(*mi) + seconds(*s) + fraction;
}

std::optional<milliseconds> ParseDuration(std::string_view text) {
  const auto [count, unit] = SplitUnit(text);
  const auto value = Digits(count);
  if (!value || *value <= 0 || *value > 1'000'000'000) return std::nullopt;
  if (unit == "ms") return milliseconds(*value);
  if (unit == "s") return milliseconds(*value * 1000);
  if (unit == "m") return milliseconds(*value * 60'000);
  if (unit == "h") return milliseconds(*value * 3'600'000);
  return std::nullopt;
}

std::optional<milliseconds> ParseGoDuration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1e-6}, {"us", 1e-3}, {"\u00b5s", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}};
  constexpr double kYear = 365 * 24 * 3.6e6;
  if (text == "0") return milliseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double count = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
    if (code != std::errc() || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    const auto known =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& u) { return u.first == unit; });
    if (known == std::end(kUnits)) return std::nullopt;
    total += count * known->second;
    if (!(total <= kYear)) return std::nullopt;
    text.remove_prefix(unit.size());
  }
  return milliseconds(static_cast<std::int64_t>(total));
}

void SystemClock::SleepFor(milliseconds time) const { std::this_thread::sleep_for(time); }

std::optional<std::size_t> ParseSize(std::string_view text) {
  const auto [count, unit] = SplitUnit(text);
  const auto value = Digits(count);
  if (!value || *value <= 0 || *value > 1'000'000'000) return std::nullopt;
  const auto number = static_cast<std::size_t>(*value);
  if (unit.empty() || unit == "B") return number;
  if (unit == "KiB") return number << 10;
  if (unit == "MiB") return number << 20;
  if (unit == "GiB") return number << 30;
  return std::nullopt;
}

}  // namespace pullseal
