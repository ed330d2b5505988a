// SPDX-License-Identifier: Apache-2.0
#include "core/cbor/value.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "core/cbor/limits.h"

namespace pullseal::cbor {
namespace {

Error Invalid(const char* message) { return Error{ErrorCode::kInvalid, std::string("CBOR: ") + message}; }

// RFC 8949 section 3.1.
enum Major : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kOther };

// Head is the first byte of an item with the number that belongs to it (RFC 8949 section 3).
struct Head {
  std::uint8_t major = 0;
  std::uint8_t info = 0;
  std::uint64_t number = 0;
};

// Reader goes once over the bytes, from left to right.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  Result<Value> Item(std::size_t depth) {
    if (depth > limits::kCborDepth) return Error{ErrorCode::kLimit, "CBOR: is nested too deeply"};
    if (++items_ > limits::kCborItems) return Error{ErrorCode::kLimit, "CBOR: has too many items"};
    const std::size_t start = at_;
    const auto head = ReadHead();
    if (!head) return head.error();
    auto content = Content(*head, depth);
    if (!content) return content.error();
    return Value(std::move(*content), bytes_.subspan(start, at_ - start));
  }

  bool AtEnd() const { return at_ == bytes_.size(); }

 private:
  std::size_t Left() const { return bytes_.size() - at_; }

  Result<Head> ReadHead() {
    if (Left() == 0) return Invalid("ends too early");
    const std::uint8_t first = bytes_[at_++];
    Head head{static_cast<std::uint8_t>(first >> 5), static_cast<std::uint8_t>(first & 0x1f), 0};
    if (head.info < 24) {
      head.number = head.info;
      return head;
    }
    // 28 to 30 are reserved, 31 means an indefinite length or a break (section 3).
    if (head.info > 27) return Invalid("has an indefinite length, or a form that is reserved");
    const std::size_t size = std::size_t{1} << (head.info - 24);
    if (Left() < size) return Invalid("ends too early");
    for (std::size_t i = 0; i < size; ++i) head.number = head.number << 8 | bytes_[at_++];
    // Section 4.2.1: the shortest form. The number of major type 7 is a float's bits, but for one byte.
    const bool is_float = head.major == kOther && size > 1;
    const std::uint64_t least = size == 1 ? 24 : std::uint64_t{1} << (4 * size);
    if (!is_float && head.number < least) return Invalid("has a number that is not in its shortest form");
    return head;
  }

  Result<ByteView> Take(std::uint64_t size) {
    if (size > Left()) return Invalid("has a string that is longer than what is left");
    const ByteView out = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += out.size();
    return out;
  }

  Result<Value::Storage> Content(const Head& head, std::size_t depth) {
    switch (head.major) {
      case kUnsigned:
        return Value::Storage(Value::Unsigned{head.number});
      case kNegative:
        return Value::Storage(Value::Negative{head.number});
      case kBytes:
      case kText:
        return String(head);
      case kArray:
        return Items(head.number, depth);
      case kMap:
        return Map(head.number, depth);
      case kTag:
        return Tag(head.number, depth);
      default:
        // Section 3.3: simple values below 32 have no second byte.
        if (head.info == 24 && head.number < 32) return Invalid("has a simple value that is reserved");
        return Value::Storage(Value::Other{});
    }
  }

  Result<Value::Storage> String(const Head& head) {
    const auto content = Take(head.number);
    if (!content) return content.error();
    if (head.major == kBytes) return Value::Storage(*content);
    if (!IsUtf8(AsText(*content))) return Invalid("has text that is not UTF-8");
    return Value::Storage(AsText(*content));
  }

  Result<Value::Storage> Items(std::uint64_t count, std::size_t depth) {
    // Each item has at least one byte.
    if (count > Left()) return Invalid("has an array that is longer than what is left");
    Array out;
    for (std::uint64_t i = 0; i < count; ++i) {
      auto item = Item(depth + 1);
      if (!item) return item.error();
      out.push_back(std::move(*item));
    }
    return Value::Storage(std::move(out));
  }

  Result<Value::Storage> Map(std::uint64_t count, std::size_t depth) {
    if (count > Left() / 2) return Invalid("has a map that is longer than what is left");
    Entries out;
    std::set<std::string_view> keys;
    for (std::uint64_t i = 0; i < count; ++i) {
      auto key = Item(depth + 1);
      if (!key) return key.error();
      const std::uint8_t major = key->encoded().front() >> 5;
      const bool is_label = major == kUnsigned || major == kNegative || major == kText;
      if (!is_label) return Invalid("has a key that is neither a whole number nor text");
      if (!keys.insert(AsText(key->encoded())).second) return Invalid("has a key twice");
      auto value = Item(depth + 1);
      if (!value) return value.error();
      out.emplace_back(std::move(*key), std::move(*value));
    }
    return Value::Storage(std::move(out));
  }

  Result<Value::Storage> Tag(std::uint64_t number, std::size_t depth) {
    auto content = Item(depth + 1);
    if (!content) return content.error();
    Value::Tagged out{number, {}};
    out.content.push_back(std::move(*content));
    return Value::Storage(std::move(out));
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t items_ = 0;
};

constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

template <typename Fits>
const Value* FindWhere(const Entries* entries, Fits fits) {
  if (entries == nullptr) return nullptr;
  const auto found = std::find_if(entries->begin(), entries->end(), [&](const auto& one) { return fits(one.first); });
  return found == entries->end() ? nullptr : &found->second;
}

}  // namespace

std::optional<std::int64_t> Value::integer() const {
  if (const auto* positive = std::get_if<Unsigned>(&storage_); positive != nullptr && positive->number <= kMost) {
    return static_cast<std::int64_t>(positive->number);
  }
  if (const auto* negative = std::get_if<Negative>(&storage_); negative != nullptr && negative->number <= kMost) {
    return -1 - static_cast<std::int64_t>(negative->number);
  }
  return std::nullopt;
}

const Value* Value::Find(std::int64_t key) const {
  return FindWhere(map(), [key](const Value& one) { return one.integer() == key; });
}

const Value* Value::Find(std::string_view key) const {
  return FindWhere(map(), [key](const Value& one) { return one.text() != nullptr && *one.text() == key; });
}

Result<Value> Parse(ByteView bytes) {
  Reader reader(bytes);
  auto out = reader.Item(1);
  if (out && !reader.AtEnd()) return Invalid("has bytes behind it");
  return out;
}

}  // namespace pullseal::cbor
