// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/live_commands.h"

#include <cstdint>
#include <cstdio>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "reports/admin/client.h"

namespace pullseal::cli {
namespace {

constexpr int kGood = 0;
constexpr int kRefused = 1;
constexpr int kCannotAsk = 2;

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

int Complain(const Error& error) {
  std::fprintf(stderr, "pullseal: %s\n", error.message.c_str());
  return kCannotAsk;
}

std::string TextOf(const json::Value* object, std::string_view name) {
  const std::string* text = object != nullptr ? object->FindString(name) : nullptr;
  return text != nullptr ? Printable(*text, 600) : std::string();
}

std::string NumberOf(const json::Value* object, std::string_view name) {
  const json::Value* found = object != nullptr ? object->Find(name) : nullptr;
  const auto number = found != nullptr ? found->integer() : std::nullopt;
  return number ? std::to_string(*number) : "?";
}

bool IsTrue(const json::Value* object, std::string_view name) {
  const json::Value* found = object != nullptr ? object->Find(name) : nullptr;
  return found != nullptr && found->boolean() != nullptr && *found->boolean();
}

void PrintStatus(const json::Value& line) {
  Print("pullseald " + TextOf(&line, "version") + ", up since " + TextOf(&line, "started"));
  const json::Value* policy = line.Find("policy");
  if (IsTrue(policy, "in_force")) {
    Print("policy:    " + TextOf(policy, "name") + " version " + TextOf(policy, "version") + ", mode " +
          TextOf(policy, "mode") + ", " + NumberOf(policy, "rules") + " rules, sha256 " + TextOf(policy, "sha256"));
  } else {
    Print("policy:    NONE IN FORCE: every pull, create and start is refused (" + TextOf(policy, "file") + ")");
  }
  if (const std::string refused = TextOf(policy, "refused"); !refused.empty()) {
    Print("           what was read last was refused: " + refused);
  }
  Print("sockets:   " + TextOf(&line, "cri_socket") + " in front of " + TextOf(&line, "runtime_socket"));
  const json::Value* cache = line.Find("cache");
  Print("known:     " + NumberOf(cache, "images") + " images with signatures, " + NumberOf(cache, "verdicts") +
        " verdicts");
  const json::Value* audit = line.Find("audit");
  Print("audit:     " + TextOf(audit, "file") + ", head " + TextOf(audit, "head") +
        (IsTrue(audit, "disk_full") ? ", DISK FULL: written into the reserve" : ""));
  std::string decisions;
  if (const json::Value* counts = line.Find("decisions"); counts != nullptr && counts->object() != nullptr) {
    for (const auto& [outcome, unused] : *counts->object()) {
      decisions += (decisions.empty() ? "" : ", ") + NumberOf(counts, outcome) + " " + outcome;
    }
  }
  Print("decisions: " + (decisions.empty() ? "none yet" : decisions));
}

json::Writer Command(const char* name) {
  json::Writer request;
  request.Text("command", name);
  return request;
}

}  // namespace

int DaemonStatus(const LiveOptions& options) {
  const auto asked =
      admin::Ask(options.socket, Command("status"), [&](const json::Value& line, const std::string& text) {
        if (options.json) {
          Print(text);
        } else {
          PrintStatus(line);
        }
      });
  return asked ? kGood : Complain(asked.error());
}

int CacheList(const LiveOptions& options) {
  const auto asked =
      admin::Ask(options.socket, Command("cache-list"), [&](const json::Value& line, const std::string& text) {
        if (options.json) {
          Print(text);
        } else if (line.Find("done") != nullptr) {
          Print(NumberOf(&line, "images") + " images");
        } else {
          Print(TextOf(&line, "repository") + "@" + TextOf(&line, "digest") + "  " + NumberOf(&line, "signatures") +
                " signatures, fetched " + TextOf(&line, "fetched"));
        }
      });
  return asked ? kGood : Complain(asked.error());
}

int CacheFlush(const LiveOptions& options) {
  const auto asked =
      admin::Ask(options.socket, Command("cache-flush"), [&](const json::Value&, const std::string& text) {
        Print(options.json ? text : "forgotten: verdicts and evidence are fetched and judged anew");
      });
  return asked ? kGood : Complain(asked.error());
}

int Warm(const LiveOptions& options, const std::vector<std::string>& images,
         const std::optional<std::string>& pod_namespace) {
  std::string list;
  for (const std::string& image : images) list += (list.empty() ? "" : ",") + json::Quote(image);
  json::Writer request = Command("warm");
  request.Raw("images", "[" + list + "]");
  if (pod_namespace) request.Text("namespace", *pod_namespace);
  int status = kGood;
  const auto asked = admin::Ask(options.socket, request, [&](const json::Value& line, const std::string& text) {
    const std::string outcome = TextOf(&line, "outcome");
    if (!outcome.empty() && outcome != "allow" && outcome != "would-deny") {
      status = outcome == "deny" && status != kCannotAsk ? kRefused : kCannotAsk;
    }
    if (options.json) {
      Print(text);
    } else if (!outcome.empty()) {
      Print("[" + NumberOf(&line, "number") + "/" + NumberOf(&line, "of") + "] " + TextOf(&line, "image") + ": " +
            outcome + ": " + TextOf(&line, "reason") + (outcome == "allow" ? "" : ": " + TextOf(&line, "message")));
    }
    std::fflush(stdout);
  });
  return asked ? status : Complain(asked.error());
}

int Note(const LiveOptions& options, const std::vector<std::string>& images) {
  std::string list;
  for (const std::string& image : images) list += (list.empty() ? "" : ",") + json::Quote(image);
  json::Writer request = Command("note");
  request.Raw("images", "[" + list + "]");
  int status = kGood;
  const auto asked = admin::Ask(options.socket, request, [&](const json::Value& line, const std::string& text) {
    const bool end = line.Find("done") != nullptr;
    const bool noted = IsTrue(&line, "noted");
    if (!end && !noted) status = kRefused;
    if (options.json) {
      Print(text);
    } else if (!end) {
      Print(TextOf(&line, "image") + (noted ? ": noted, " + TextOf(&line, "digest") : ": " + TextOf(&line, "message")));
    }
  });
  return asked ? status : Complain(asked.error());
}

int ForgetNotes(const LiveOptions& options) {
  const auto asked =
      admin::Ask(options.socket, Command("forget-notes"), [&](const json::Value& line, const std::string& text) {
        Print(options.json ? text : NumberOf(&line, "removed") + " notes removed");
      });
  return asked ? kGood : Complain(asked.error());
}

int Running(const LiveOptions& options, const std::string& policy, bool only_denied) {
  json::Writer request = Command("running");
  if (!policy.empty()) request.Text("policy", policy);
  int status = kGood;
  int refused = 0;
  const auto asked = admin::Ask(options.socket, request, [&](const json::Value& line, const std::string& text) {
    const std::string outcome = TextOf(&line, "outcome");
    const bool denied = !outcome.empty() && outcome != "allow";
    if (denied && outcome != "would-deny") status = kRefused;
    if (denied) ++refused;
    if (options.json) {
      if (denied || !only_denied || outcome.empty()) Print(text);
    } else if (outcome.empty()) {
      Print(NumberOf(&line, "containers") + " containers run; " + std::to_string(refused) +
            " things would be refused now, by the policy " + TextOf(&line, "policy_sha256").substr(0, 12) + " (mode " +
            TextOf(&line, "mode") + ")");
    } else if (denied || !only_denied) {
      const std::string where =
          TextOf(&line, "kind") == "pause"
              ? "every pod's pause image"
              : TextOf(&line, "namespace") + "/" + TextOf(&line, "pod") + "/" + TextOf(&line, "container");
      const std::string way = TextOf(&line, "way") == "around" ? " [created around pullseal]" : "";
      Print(outcome + "  " + where + "  " + TextOf(&line, "image") + "  " + TextOf(&line, "reason") +
            (TextOf(&line, "rule").empty() ? "" : "  rule " + TextOf(&line, "rule")) +
            (TextOf(&line, "signer").empty() ? "" : "  by " + TextOf(&line, "signer")) + way);
    }
  });
  return asked ? status : Complain(asked.error());
}

int BreakGlass(const LiveOptions& options, const std::string& duration, const std::string& reason, bool end) {
  json::Writer request = Command("break-glass");
  if (end) {
    request.Number("seconds", 0);
  } else {
    const auto time = ParseDuration(duration);
    if (!time) {
      std::fprintf(stderr, "pullseal: say --for 30m --reason TEXT, or --end\n");
      return kCannotAsk;
    }
    request.Number("seconds", std::chrono::duration_cast<std::chrono::seconds>(*time).count()).Text("reason", reason);
  }
  const auto asked = admin::Ask(options.socket, request, [&](const json::Value& line, const std::string& text) {
    if (options.json) return Print(text);
    Print(IsTrue(&line, "open")
              ? "the gate is OPEN until " + TextOf(&line, "until") +
                    ": nothing is refused, everything is recorded; `pullseal break-glass --end` ends it"
              : std::string("break-glass is over: the policy is in force"));
    if (!IsTrue(&line, "recorded")) Print("this could NOT be written into the audit log");
  });
  return asked ? kGood : Complain(asked.error());
}

}  // namespace pullseal::cli
