// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_SHARED_BYTES_H_
#define PULLSEAL_CORE_BASE_SHARED_BYTES_H_

#include <memory>
#include <utility>

#include "core/base/bytes.h"

namespace pullseal {

// SharedBytes are bytes that nobody changes, held once however many hold them: a copy costs a pointer. Thread-safe.
class SharedBytes {
 public:
  SharedBytes() : SharedBytes(Bytes()) {}
  SharedBytes(Bytes bytes) : bytes_(std::make_shared<const Bytes>(std::move(bytes))) {}
  template <typename Iterator>
  SharedBytes(Iterator begin, Iterator end) : SharedBytes(Bytes(begin, end)) {}

  operator const Bytes&() const { return *bytes_; }
  const std::uint8_t* begin() const { return bytes_->data(); }
  const std::uint8_t* end() const { return bytes_->data() + bytes_->size(); }
  const std::uint8_t* data() const { return bytes_->data(); }
  std::size_t size() const { return bytes_->size(); }
  bool empty() const { return bytes_->empty(); }
  bool operator==(const SharedBytes& other) const { return *bytes_ == *other.bytes_; }

 private:
  std::shared_ptr<const Bytes> bytes_;
};

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_SHARED_BYTES_H_
