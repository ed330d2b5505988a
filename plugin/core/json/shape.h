// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_JSON_SHAPE_H_
#define PULLSEAL_CORE_JSON_SHAPE_H_

#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/json/value.h"

namespace pullseal::json {

struct Shape;

// Field is one member that a Go program reads into a field of a struct, and what the field holds.
struct Field {
  enum class Kind {
    kText,     // string
    kInteger,  // int64
    kBoolean,
    kTime,     // time.Time
    kBytes,    // []byte
    kObject,   // a struct of the shape `of`
    kTextMap,  // map[string]string
    kSet,      // map[string]struct{}
    kRaw,      // json.RawMessage: any value, also null
  };
  std::string_view name;
  Kind kind = Kind::kText;
  bool list = false;          // a slice of these
  const Shape* of = nullptr;  // of kObject
};

// Shape is what a Go struct takes from a JSON object. Members that no field is named for are passed over.
struct Shape {
  std::span<const Field> fields;
};

// CheckShape says whether Go's encoding/json reads `value` into a struct of `shape` without an error and each member as
// we do, who look for members by their exact names. Go compares names under Unicode simple folding (fold.go): so a
// member whose folded name is that of a field or of another member, but is not spelled exactly so, refuses the object.
// Names in maps are not folded. Null leaves a field as it is and counts as absent. kInvalid.
Status CheckShape(const Value& value, const Shape& shape);

// Present returns the member `name` of an object, null where it is absent or null.
const Value* Present(const Value& value, std::string_view name);

// Folded returns `name` so that two names which Go takes for one, one of them in ASCII, have one folded form: ASCII in
// lower case, U+017F as s, U+212A as k (Unicode CaseFolding.txt, the only ones whose fold is ASCII).
std::string Folded(std::string_view name);

}  // namespace pullseal::json

#endif  // PULLSEAL_CORE_JSON_SHAPE_H_
