// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_FAKE_ORIGIN_STORE_H_
#define PULLSEAL_FAKES_FAKE_ORIGIN_STORE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "image/runtime/origin_store.h"

namespace pullseal::fakes {

// FakeOriginStore is containerd's labels and our notes in memory. Tests set its members, between calls only.
class FakeOriginStore final : public runtime::OriginStore {
 public:
  std::map<std::string, Labels> blobs;          // by digest: the labels of what is there
  std::map<std::string, std::string> notes;     // name -> target
  std::optional<Error> labels_trouble;          // what reading labels meets
  std::optional<Error> notes_trouble;           // what reading and writing notes meets
  std::vector<std::vector<std::string>> asked;  // names that FindNotes was asked for

  // containerd's note on a blob, as a pull of `repository` from `host` writes it.
  void Label(const std::string& digest, const std::string& host, const std::string& repositories) {
    blobs[digest][std::string(runtime::kSourceLabel) + host] = repositories;
  }

  Result<Labels> FindLabels(const oci::Digest& digest, SteadyTime) override {
    if (labels_trouble) return *labels_trouble;
    const auto found = blobs.find(digest.text());
    if (found == blobs.end()) return Error{ErrorCode::kNotFound, "no blob"};
    return found->second;
  }
  Status SetLabel(const oci::Digest& digest, const std::string& name, const std::string& value, SteadyTime) override {
    if (labels_trouble) return *labels_trouble;
    if (value.empty()) {
      blobs[digest.text()].erase(name);
    } else {
      blobs[digest.text()][name] = value;
    }
    return {};
  }
  Result<std::vector<runtime::StoreRecord>> FindNotes(const std::vector<std::string>& names, SteadyTime) override {
    asked.push_back(names);
    if (notes_trouble) return *notes_trouble;
    std::vector<runtime::StoreRecord> out;
    for (const std::string& name : names) {
      if (const auto found = notes.find(name); found != notes.end()) out.push_back(Record(*found));
    }
    return out;
  }
  Status WriteNote(const std::string& name, const oci::Digest& target, SteadyTime) override {
    if (notes_trouble) return *notes_trouble;
    notes.emplace(name, target.text());
    return {};
  }
  Status RemoveNote(const std::string& name, SteadyTime) override {
    notes.erase(name);
    return {};
  }
  Result<std::vector<runtime::StoreRecord>> ListNotes(const std::string& prefix, SteadyTime) override {
    std::vector<runtime::StoreRecord> out;
    for (const auto& note : notes) {
      if (note.second.starts_with("sha256:" + prefix)) out.push_back(Record(note));
    }
    return out;
  }

 private:
  static runtime::StoreRecord Record(const std::pair<const std::string, std::string>& note) {
    return runtime::StoreRecord{
        .name = note.first, .target = *oci::Digest::Parse(note.second), .media_type = "", .size = 0};
  }
};

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_FAKE_ORIGIN_STORE_H_
