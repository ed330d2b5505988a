// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_LRU_H_
#define PULLSEAL_CORE_BASE_LRU_H_

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace pullseal {

// LruMap keeps the values used last, by string key, up to a total cost. Not thread-safe.
template <typename Value>
class LruMap {
 public:
  explicit LruMap(std::size_t most) : most_(most) {}

  std::optional<Value> Find(const std::string& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // Puts `value` under `key`, replacing what was there, and forgets the oldest entries beyond the bound.
  void Put(const std::string& key, Value value, std::size_t cost = 1) {
    Erase(key);
    if (cost > most_) return;
    entries_.push_front(Entry{key, std::move(value), cost});
    index_[key] = entries_.begin();
    total_ += cost;
    while (total_ > most_) Erase(std::string(entries_.back().key));
  }

  void Erase(const std::string& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    total_ -= found->second->cost;
    entries_.erase(found->second);
    index_.erase(found);
  }

  void Clear() {
    entries_.clear();
    index_.clear();
    total_ = 0;
  }

  // Calls `visit` with each key and value, the one used last first.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const Entry& entry : entries_) visit(entry.key, entry.value);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    Value value;
    std::size_t cost;
  };
  std::size_t most_;
  std::size_t total_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<std::string, typename std::list<Entry>::iterator> index_;
};

}  // namespace pullseal

#endif  // PULLSEAL_CORE_BASE_LRU_H_
