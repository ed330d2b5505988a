// SPDX-License-Identifier: Apache-2.0
#include "adapters/cri/unknown_fields.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

namespace pullseal::cri {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The fields of one message: those up to `last` are known, apart from `also`; `inner` are messages looked into.
struct Shape {
  int last = 0;
  std::initializer_list<int> also;
  std::map<int, const Shape*> inner;
};

const Shape kImageSpec{2, {18, 19, 20}, {}};
const Shape kAuth{6, {}, {}};
const Shape kPodMetadata{4, {}, {}};
const Shape kPodConfig{9, {}, {{1, &kPodMetadata}}};
const Shape kMount{11, {}, {{9, &kImageSpec}}};
const Shape kContainerConfig{18, {}, {{2, &kImageSpec}, {7, &kMount}}};
const Shape kPull{3, {}, {{1, &kImageSpec}, {2, &kAuth}, {3, &kPodConfig}}};
const Shape kCreate{3, {}, {{2, &kContainerConfig}, {3, &kPodConfig}}};
const Shape kStart{1, {}, {}};
const Shape kSandbox{2, {}, {{1, &kPodConfig}}};

bool Knows(const Shape& shape, int field) {
  if (field <= shape.last) return true;
  for (const int one : shape.also) {
    if (one == field) return true;
  }
  return false;
}

bool HasUnknown(const Shape& shape, std::string_view bytes) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (!Knows(shape, field)) return true;
    const auto inner = shape.inner.find(field);
    if (inner == shape.inner.end() ||
        WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t length = 0;
    std::string message;
    if (!in.ReadVarint32(&length) || !in.ReadString(&message, static_cast<int>(length))) return false;
    if (HasUnknown(*inner->second, message)) return true;
  }
  return false;
}

}  // namespace

bool HasUnknownFields(MethodKind kind, std::string_view request) {
  switch (kind) {
    case MethodKind::kPull:
      return HasUnknown(kPull, request);
    case MethodKind::kCreate:
      return HasUnknown(kCreate, request);
    case MethodKind::kStart:
      return HasUnknown(kStart, request);
    case MethodKind::kSandbox:
      return HasUnknown(kSandbox, request);
    case MethodKind::kPass:
    case MethodKind::kRestore:
    case MethodKind::kCheckpoint:
      return false;
  }
  return false;
}

}  // namespace pullseal::cri
