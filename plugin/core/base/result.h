// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_RESULT_H_
#define PULLSEAL_CORE_BASE_RESULT_H_

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace pullseal {

// ErrorCode says what kind of trouble an operation met, so that a caller can choose what to do without reading text.
enum class ErrorCode {
  kInvalid,       // the input breaks its format or a rule; asking again will not help
  kNotFound,      // the other side says for certain that the thing is not there
  kUnauthorized,  // the other side wants credentials, or refuses the ones it got
  kThrottled,     // the other side asks us to come back later
  kUnreachable,   // no connection, or it broke
  kRemote,        // the other side answered with a failure of its own, or with nonsense
  kMismatch,      // bytes do not have the digest or size they were promised to have
  kLimit,         // one of the bounds in a limits.h was passed
  kTimeout,       // the deadline passed
  kUnavailable,   // something of ours cannot be used now (a file, a full disk)
};

// Error is a failure told to a caller: its kind and a sentence that begins with what failed, in lower case.
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;

  // Returns the same error with `context` put in front, as "context: message". Each layer adds context at most once.
  [[nodiscard]] Error In(const std::string& context) const { return Error{code, context + ": " + message}; }
};

// Result<T> holds either a T or an Error. Reading the one that is not there is a bug and aborts, in every build.
// Not thread-safe; movable if T is.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const T& value() const& { return Checked(); }
  T& value() & { return Checked(); }
  T&& value() && { return std::move(Checked()); }
  const T& operator*() const& { return Checked(); }
  T& operator*() & { return Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  const T* operator->() const { return &Checked(); }
  T* operator->() { return &Checked(); }
  const Error& error() const {
    if (ok()) std::abort();
    return *std::get_if<1>(&state_);
  }

 private:
  T& Checked() {
    if (!ok()) std::abort();
    return *std::get_if<0>(&state_);
  }
  const T& Checked() const {
    if (!ok()) std::abort();
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

// Status is the result of an operation that has nothing to return. Reading the error of a good one aborts.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    if (ok()) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};
using Status = Result<void>;

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_RESULT_H_
