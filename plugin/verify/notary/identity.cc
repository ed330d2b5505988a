// SPDX-License-Identifier: Apache-2.0
#include "verify/notary/identity.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/limits.h"
#include "verify/notary/limits.h"

namespace pullseal::notary {
namespace {

using crypto::NameAttribute;

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// In the order in which names are written.
struct AttributeType {
  std::string_view name;
  std::string_view oid;
};
constexpr std::array<AttributeType, 9> kTypes = {{
    {"C", "2.5.4.6"},
    {"ST", "2.5.4.8"},
    {"L", "2.5.4.7"},
    {"STREET", "2.5.4.9"},
    {"POSTALCODE", "2.5.4.17"},
    {"O", "2.5.4.10"},
    {"OU", "2.5.4.11"},
    {"CN", "2.5.4.3"},
    {"SERIALNUMBER", "2.5.4.5"},
}};

constexpr std::string_view kSpecial = ",;+=\"\\<>#";

// Reader goes over a distinguished name (RFC 4514 section 3, as far as trust policies have it).
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }

  Result<NameAttribute> Attribute() {
    const auto equals = text_.find('=', at_);
    if (equals == text_.npos) return Invalid("a part has no \"=\"");
    std::string_view name = text_.substr(at_, equals - at_);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name == "S") name = "ST";
    const auto* type =
        std::find_if(kTypes.begin(), kTypes.end(), [&](const AttributeType& one) { return one.name == name; });
    if (type == kTypes.end()) return Invalid("\"" + Printable(name, 64) + "\" is no type of attribute that is known");
    at_ = equals + 1;
    auto value = Value();
    if (!value) return value.error();
    return NameAttribute{std::string(type->oid), std::move(*value)};
  }

 private:
  // One character behind a backslash.
  Result<char> Escaped() {
    if (at_ == text_.size()) return Invalid("ends with a backslash");
    const char c = text_[at_];
    if (c == ' ' || kSpecial.find(c) != kSpecial.npos) {
      ++at_;
      return c;
    }
    std::string hex(text_.substr(at_, 2));
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](unsigned char x) { return static_cast<char>(std::tolower(x)); });
    const auto byte = HexDecode(hex);
    if (!byte || byte->size() != 1) return Invalid("has a backslash before neither a special character nor two digits");
    at_ += 2;
    return static_cast<char>(byte->front());
  }

  // Up to the next separator, which is taken. Spaces around it do not belong to it unless they are escaped.
  Result<std::string> Value() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    std::string out;
    std::size_t kept = 0;  // without the spaces at the end
    for (bool separated = false; at_ < text_.size() && !separated;) {
      const char c = text_[at_++];
      if (c == ',' || c == ';') {
        separated = true;
        if (at_ == text_.size()) return Invalid("ends with a separator");
      } else if (c == '\\') {
        const auto escaped = Escaped();
        if (!escaped) return escaped.error();
        out.push_back(*escaped);
        kept = out.size();
      } else if (c == '+') {
        return Invalid("has several values in one part");
      } else if (kSpecial.find(c) != kSpecial.npos) {
        return Invalid("has a special character without a backslash");
      } else {
        out.push_back(c);
        if (c != ' ') kept = out.size();
      }
    }
    out.resize(kept);
    if (out.empty()) return Invalid("has an empty value");
    if (!IsUtf8(out)) return Invalid("has a value that is not UTF-8");
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool IsObjectIdentifier(std::string_view oid) {
  if (oid.empty() || oid.size() > 128) return false;
  std::size_t arcs = 0;
  while (true) {
    const auto dot = oid.find('.');
    const std::string_view arc = oid.substr(0, dot);
    const bool digits =
        !arc.empty() && std::all_of(arc.begin(), arc.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || (arc.size() > 1 && arc.front() == '0')) return false;
    ++arcs;
    if (dot == oid.npos) return arcs >= 3;
    oid.remove_prefix(dot + 1);
  }
}

// What stands behind `prefix`, which ends with a dot; empty if `oid` does not lie under it.
std::string_view Below(std::string_view oid, std::string_view prefix) {
  return oid.starts_with(prefix) ? oid.substr(prefix.size()) : std::string_view();
}

std::string Escape(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool outer_space = value[i] == ' ' && (i == 0 || i + 1 == value.size());
    if (outer_space || kSpecial.find(value[i]) != kSpecial.npos) out.push_back('\\');
    out.push_back(value[i]);
  }
  return out;
}

std::size_t Rank(const std::string& oid) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const AttributeType& one) { return one.oid == oid; });
  return static_cast<std::size_t>(found - kTypes.begin());
}

}  // namespace

Result<Identity> Identity::ParseSubject(std::string_view text) {
  if (text.size() > limits::kDistinguishedNameBytes) return Error{ErrorCode::kLimit, "is too long for a name"};
  Identity out;
  out.text_ = std::string(text);
  // CVE-2023-25656: such values are decoded by nobody here.
  if (text.find("=#") != text.npos) return Invalid("has a value in hexadecimal");
  Reader reader(text);
  while (!reader.AtEnd()) {
    if (out.subject_.size() == limits::kNameAttributes) return Error{ErrorCode::kLimit, "has too many attributes"};
    auto attribute = reader.Attribute();
    if (!attribute) return attribute.error();
    const auto& had = out.subject_;
    if (std::any_of(had.begin(), had.end(), [&](const NameAttribute& one) { return one.type == attribute->type; })) {
      return Invalid("has an attribute twice");
    }
    out.subject_.push_back(std::move(*attribute));
  }
  for (const std::string_view needed : {"2.5.4.6", "2.5.4.8", "2.5.4.10"}) {
    const auto& had = out.subject_;
    if (std::none_of(had.begin(), had.end(), [&](const NameAttribute& one) { return one.type == needed; })) {
      return Invalid("lacks C, ST or O, without which a name may be many signers'");
    }
  }
  std::sort(out.subject_.begin(), out.subject_.end());
  return out;
}

Result<Identity> Identity::UnsafeUsage(std::string_view oid) {
  if (!IsObjectIdentifier(oid)) return Invalid("is no object identifier");
  Identity out;
  out.text_ = "usage " + std::string(oid);
  out.usage_ = std::string(oid);
  return out;
}

Result<Identity> Identity::ParseUsage(std::string_view oid) {
  auto out = UnsafeUsage(oid);
  if (!out) return out;
  constexpr std::string_view kPrivateTrust = "1.3.6.1.4.1.311.97.1.3.1.";
  constexpr std::string_view kPublicTrust = "1.3.6.1.4.1.311.97.";
  if (!Below(oid, kPrivateTrust).empty()) return out;
  const std::string_view below = Below(oid, kPublicTrust);
  const auto dot = below.find('.');
  if (dot != below.npos && below.substr(0, dot) != "1") return out;
  return Invalid("is an extended key usage that many signers may have");
}

bool Identity::Fits(const crypto::Certificate& leaf) const {
  if (!usage_.empty()) {
    const auto usages = leaf.ExtendedKeyUsages();
    return std::find(usages.begin(), usages.end(), usage_) != usages.end();
  }
  const auto subject = crypto::SubjectAttributes(leaf);
  if (!subject) return false;
  return std::all_of(subject_.begin(), subject_.end(), [&](const NameAttribute& wanted) {
    const auto of_type = [&](const NameAttribute& one) { return one.type == wanted.type; };
    return std::count_if(subject->begin(), subject->end(), of_type) == 1 &&
           std::find(subject->begin(), subject->end(), wanted) != subject->end();
  });
}

bool Identity::Overlaps(const Identity& other) const {
  if (!usage_.empty() || !other.usage_.empty()) return usage_ == other.usage_;
  const auto within = [](const Identity& large, const Identity& small) {
    return std::includes(large.subject_.begin(), large.subject_.end(), small.subject_.begin(), small.subject_.end());
  };
  return within(*this, other) || within(other, *this);
}

Result<std::string> SignerName(const crypto::Certificate& certificate) {
  auto subject = crypto::SubjectAttributes(certificate);
  if (!subject) return subject.error();
  std::sort(subject->begin(), subject->end(), [](const NameAttribute& a, const NameAttribute& b) {
    return std::pair(Rank(a.type), a) < std::pair(Rank(b.type), b);
  });
  std::string out;
  for (const NameAttribute& one : *subject) {
    const std::size_t rank = Rank(one.type);
    const std::string type = rank < kTypes.size() ? std::string(kTypes.at(rank).name) : one.type;
    out += (out.empty() ? "" : ", ") + type + "=" + Escape(one.value);
  }
  return out;
}

}  // namespace pullseal::notary
