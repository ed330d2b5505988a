// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/describe.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "adapters/cri/limits.h"

namespace pullseal::cri {
namespace {

// A base-128 number of at most ten bytes (Protocol Buffers, "Encoding"). Absent where the bytes end before it does.
std::optional<std::uint64_t> TakeNumber(std::string_view& rest) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 10 && i < rest.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(rest[i]);
    if (i < 9) out |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    rest.remove_prefix(i + 1);
    return out;
  }
  return std::nullopt;
}

struct Field {
  std::uint64_t number = 0;
  std::string_view bytes;  // of a text or message, as much of it as there is
};

bool Skip(std::string_view& rest, std::uint64_t size) {
  rest.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size())));
  return true;
}

bool TakeField(std::string_view& rest, Field& field) {
  const auto tag = TakeNumber(rest);
  if (!tag) return false;
  field = Field{*tag >> 3, {}};
  switch (*tag & 7) {
    case 0:
      return TakeNumber(rest).has_value();
    case 1:
      return Skip(rest, 8);
    case 5:
      return Skip(rest, 4);
    case 2: {
      const auto size = TakeNumber(rest);
      if (!size) return false;
      field.bytes = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*size, rest.size())));
      return Skip(rest, *size);
    }
    default:
      return false;
  }
}

// The last field of that number, at each step of the path.
std::string_view FindField(std::string_view message, std::initializer_list<std::uint64_t> path) {
  for (const std::uint64_t number : path) {
    std::string_view found;
    Field field;
    for (std::size_t i = 0; i < limits::kDescribedFields && TakeField(message, field); ++i) {
      if (field.number == number) found = field.bytes;
    }
    message = found;
  }
  return message;
}

std::string Text(std::string_view message, std::initializer_list<std::uint64_t> path) {
  return std::string(FindField(message, path).substr(0, limits::kDescribedBytes));
}

void DescribePodConfig(std::string_view config, gate::Event& event) {
  event.pod = Text(config, {1, 1});
  event.pod_uid = Text(config, {1, 2});
  event.pod_namespace = Text(config, {1, 3});
}

}  // namespace

std::string_view ActionOf(MethodKind kind) {
  switch (kind) {
    case MethodKind::kPull:
      return "pull";
    case MethodKind::kStart:
      return "start";
    case MethodKind::kSandbox:
      return "sandbox";
    case MethodKind::kCreate:
    case MethodKind::kRestore:
    case MethodKind::kCheckpoint:
    case MethodKind::kPass:
      return "create";
  }
  return "create";
}

// The numbers are those of runtime.v1.
void DescribeRequest(MethodKind kind, std::string_view request, gate::Event& event) {
  switch (kind) {
    case MethodKind::kPull:
      event.image = Text(request, {1, 1});
      return DescribePodConfig(FindField(request, {3}), event);
    case MethodKind::kCreate: {
      const std::string_view config = FindField(request, {2});
      event.container = Text(config, {1, 1});
      event.image = Text(config, {2, 18});
      if (event.image.empty()) event.image = Text(config, {2, 1});
      return DescribePodConfig(FindField(request, {3}), event);
    }
    case MethodKind::kStart:
      event.container = Text(request, {1});
      return;
    case MethodKind::kSandbox:
      return DescribePodConfig(FindField(request, {1}), event);
    case MethodKind::kRestore:
    case MethodKind::kCheckpoint:
    case MethodKind::kPass:
      return;
  }
}

}  // namespace pullseal::cri
