// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_NODE_TRUST_ATTEMPT_H_
#define PULLSEAL_NODE_TRUST_ATTEMPT_H_

#include <utility>
#include <variant>

#include "core/base/result.h"
#include "verify/tuf/refusal.h"

namespace pullseal::trust {

// Failure is why something was not got: it is not to be trusted, or there was trouble on the way. Trouble is never read
// as a refusal and never as an acceptance.
using Failure = std::variant<tuf::Refusal, Error>;

// Attempt is a T or the failure to get it. Reading the one that is not there is a bug and aborts.
template <typename T>
class [[nodiscard]] Attempt {
 public:
  Attempt(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Attempt(tuf::Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}
  Attempt(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Attempt(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const T& operator*() const { return *Checked(std::get_if<0>(&state_)); }
  T& operator*() { return *Checked(std::get_if<0>(&state_)); }
  const T* operator->() const { return Checked(std::get_if<0>(&state_)); }
  const Failure& failure() const { return *Checked(std::get_if<1>(&state_)); }

 private:
  template <typename P>
  static P* Checked(P* pointer) {
    if (pointer == nullptr) std::abort();
    return pointer;
  }
  std::variant<T, Failure> state_;
};

// Done is an attempt that brings nothing but its success.
using Done = Attempt<std::monostate>;
inline Done Success() { return std::monostate(); }

}  // namespace pullseal::trust

#endif  // PULLSEAL_NODE_TRUST_ATTEMPT_H_
