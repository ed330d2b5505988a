// SPDX-License-Identifier: Apache-2.0
#include "node/agent/systemd.h"

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#include <optional>

#include "core/base/bytes.h"
#include "core/base/file.h"

namespace pullseal::agent {
namespace {

constexpr std::uint64_t kCallMicroseconds = 30'000'000;  // systemd answers once the job is queued

// libsystemd, loaded when it is first used: it brings compression libraries with it that no other command needs.
struct Library {
  decltype(&::sd_bus_new) bus_new = nullptr;
  decltype(&::sd_bus_set_address) set_address = nullptr;
  decltype(&::sd_bus_start) start = nullptr;
  decltype(&::sd_bus_unref) bus_unref = nullptr;
  decltype(&::sd_bus_message_new_method_call) new_call = nullptr;
  decltype(&::sd_bus_message_append) append = nullptr;
  decltype(&::sd_bus_message_append_strv) append_strings = nullptr;
  decltype(&::sd_bus_message_open_container) open = nullptr;
  decltype(&::sd_bus_message_close_container) close = nullptr;
  decltype(&::sd_bus_message_unref) message_unref = nullptr;
  decltype(&::sd_bus_call) call = nullptr;
  decltype(&::sd_bus_error_free) error_free = nullptr;
};

std::optional<Library> Load() {
  void* library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Library out;
  bool whole = true;
  const auto take = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
    whole = whole && function != nullptr;
  };
  take(out.bus_new, "sd_bus_new");
  take(out.set_address, "sd_bus_set_address");
  take(out.start, "sd_bus_start");
  take(out.bus_unref, "sd_bus_unref");
  take(out.new_call, "sd_bus_message_new_method_call");
  take(out.append, "sd_bus_message_append");
  take(out.append_strings, "sd_bus_message_append_strv");
  take(out.open, "sd_bus_message_open_container");
  take(out.close, "sd_bus_message_close_container");
  take(out.message_unref, "sd_bus_message_unref");
  take(out.call, "sd_bus_call");
  take(out.error_free, "sd_bus_error_free");
  return whole ? std::optional(out) : std::nullopt;
}

// The arguments of StartTransientUnit: name, mode, properties, no auxiliary units. Negative where one does not fit.
int Fill(const Library& lib, sd_bus_message* message, const std::string& unit,
         const std::vector<std::string>& arguments) {
  std::vector<char*> words;
  for (const std::string& one : arguments) words.push_back(const_cast<char*>(one.c_str()));
  words.push_back(nullptr);
  int worst = lib.append(message, "ss", unit.c_str(), "fail");
  const auto then = [&](int result) { worst = std::min(worst, result); };
  then(lib.open(message, 'a', "(sv)"));
  then(lib.append(message, "(sv)", "Description", "s", "pullseal, makes this node as its DaemonSet wants it"));
  then(lib.append(message, "(sv)", "Type", "s", "oneshot"));
  then(lib.append(message, "(sv)", "CollectMode", "s", "inactive-or-failed"));
  then(lib.open(message, 'r', "sv"));
  then(lib.append(message, "s", "ExecStart"));
  then(lib.open(message, 'v', "a(sasb)"));
  then(lib.open(message, 'a', "(sasb)"));
  then(lib.open(message, 'r', "sasb"));
  then(lib.append(message, "s", arguments.front().c_str()));
  then(lib.append_strings(message, words.data()));
  then(lib.append(message, "b", 0));
  for (int i = 0; i < 5; ++i) then(lib.close(message));
  then(lib.append(message, "a(sa(sv))", 0));
  return worst;
}

}  // namespace

Status StartOnNode(const std::string& socket, const std::string& unit, const std::vector<std::string>& arguments) {
  static const std::optional<Library> lib = Load();
  if (!lib) return Error{ErrorCode::kUnavailable, "libsystemd.so.0 cannot be loaded"};
  const auto failed = [](const char* what, int error) {
    return Error{ErrorCode::kUnavailable, std::string("the node's systemd: ") + what + ": " + ErrnoText(-error)};
  };
  sd_bus* bus = nullptr;
  sd_bus_message* message = nullptr;
  sd_bus_error error = SD_BUS_ERROR_NULL;
  Status out;
  int result = lib->bus_new(&bus);
  if (result >= 0) result = lib->set_address(bus, ("unix:path=" + socket).c_str());
  if (result >= 0) result = lib->start(bus);
  if (result < 0) out = failed("cannot be reached", result);
  if (out) {
    result = lib->new_call(bus, &message, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "StartTransientUnit");
    if (result >= 0) result = Fill(*lib, message, unit, arguments);
    if (result < 0) out = failed("the request cannot be written", result);
  }
  if (out) {
    result = lib->call(bus, message, kCallMicroseconds, &error, nullptr);
    if (result < 0) {
      out = error.message != nullptr
                ? Error{ErrorCode::kUnavailable, "the node's systemd: " + Printable(error.message, 300)}
                : failed("does not answer", result);
    }
  }
  lib->error_free(&error);
  lib->message_unref(message);
  lib->bus_unref(bus);
  return out;
}

}  // namespace pullseal::agent
