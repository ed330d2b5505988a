// SPDX-License-Identifier: Apache-2.0
#include "image/containerd/note.h"

#include <optional>
#include <utility>

#include "core/json/value.h"
#include "image/containerd/limits.h"

namespace pullseal::containerd {
namespace {

constexpr std::int64_t kForm = 1;

void Write(json::Writer& out, const std::string& name, const std::optional<Setting>& setting) {
  if (setting) out.Text(name, setting->value).Text(name + "_from", setting->from);
}

Error Invalid() { return Error{ErrorCode::kInvalid, "the note of containerd's configuration is not one"}; }

bool Read(const json::Value& note, const std::string& name, std::optional<Setting>& out) {
  const std::string* value = note.FindString(name);
  const std::string* from = note.FindString(name + "_from");
  if (value == nullptr || from == nullptr) return note.Find(name) == nullptr && note.Find(name + "_from") == nullptr;
  if (value->size() > limits::kNotedPathBytes || from->size() > limits::kNotedPathBytes) return false;
  out = Setting{*value, *from};
  return true;
}

bool ReadFiles(const json::Value& note, std::vector<std::string>& out) {
  const json::Value* files = note.Find("files");
  if (files == nullptr || files->array() == nullptr || files->array()->size() > limits::kImportedFiles) return false;
  for (const json::Value& one : *files->array()) {
    if (one.string() == nullptr) return false;
    out.push_back(*one.string());
  }
  return true;
}

}  // namespace

std::string ToText(const Note& note) {
  json::Writer out;
  out.Number("note", kForm).Text("version", note.version).Number("started", note.started);
  out.Number("major", note.settings.major);
  Write(out, "sandbox_image", note.settings.sandbox_image);
  Write(out, "config_path", note.settings.config_path);
  out.Boolean("old_registries", note.settings.old_registries);
  std::string files;
  for (const std::string& one : note.settings.files) files += (files.empty() ? "" : ", ") + json::Quote(one);
  out.Raw("files", "[" + files + "]");
  if (!note.newer.empty()) out.Text("newer", note.newer);
  return out.Finish() + "\n";
}

Result<Note> ParseNote(std::string_view text) {
  if (text.size() > limits::kNoteBytes) return Error{ErrorCode::kLimit, "the note of containerd is too large"};
  const auto parsed = json::Parse(text);
  if (!parsed) return parsed.error();
  const json::Value* form = parsed->Find("note");
  const json::Value* major = parsed->Find("major");
  const json::Value* old_registries = parsed->Find("old_registries");
  const std::string* version = parsed->FindString("version");
  if (form == nullptr || form->integer() != kForm || version == nullptr || major == nullptr || !major->integer() ||
      old_registries == nullptr || old_registries->boolean() == nullptr) {
    return Invalid();
  }
  Note out;
  out.version = *version;
  if (const json::Value* started = parsed->Find("started")) out.started = started->integer().value_or(0);
  out.settings.major = *major->integer() == 1 ? 1 : *major->integer() == 2 ? 2 : 0;
  out.settings.old_registries = *old_registries->boolean();
  const bool good = Read(*parsed, "sandbox_image", out.settings.sandbox_image) &&
                    Read(*parsed, "config_path", out.settings.config_path) && ReadFiles(*parsed, out.settings.files);
  if (!good || (out.settings.sandbox_image && out.settings.sandbox_image->value.empty())) return Invalid();
  if (const std::string* newer = parsed->FindString("newer")) out.newer = *newer;
  return out;
}

}  // namespace pullseal::containerd
