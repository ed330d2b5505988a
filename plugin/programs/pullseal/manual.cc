// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseal/manual.h"

namespace pullseal::cli {
namespace {

// Escapes what troff would read as its own.
std::string Roff(const std::string& text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() != nullptr ? FullName(*app.get_parent()) + " " + app.get_name() : "pullseal";
}

bool IsHidden(const CLI::App& app) { return app.get_group().empty(); }

void AddCommand(const CLI::App& app, std::string& out) {
  if (IsHidden(app)) return;
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  if (subcommands.empty()) {
    std::string usage = "\\fB" + Roff(FullName(app)) + "\\fR [\\fIOPTION\\fR]...";
    for (const CLI::Option* option : app.get_options()) {
      if (option->nonpositional() || option->get_positional()) {
        if (option->get_positional()) usage += " \\fI" + Roff(option->get_name(true)) + "\\fR";
      }
    }
    out += ".SS " + Roff(FullName(app)) + "\n" + Roff(app.get_description()) + ".\n.PP\n" + usage + "\n";
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() || option->get_name() == "--help") continue;
      out += ".TP\n\\fB" + Roff(option->get_name(false, true)) + "\\fR\n" + Roff(option->get_description()) + "\n";
    }
  }
  for (const CLI::App* one : subcommands) AddCommand(*one, out);
}

// `known` collects the paths of all subcommands, so that an argument is not taken for one.
void AddCompletion(const CLI::App& app, const std::string& path, std::string& known, std::string& out) {
  std::string words;
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (IsHidden(*one)) continue;
    words += one->get_name() + " ";
    const std::string inner = path + " " + one->get_name();
    known += (known.empty() ? "'" : "|'") + inner + "'";
    AddCompletion(*one, inner, known, out);
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  out += "    '" + path + "') words='" + words + "' ;;\n";
}

}  // namespace

std::string ManualPage(const CLI::App& app) {
  std::string out = ".TH PULLSEAL 1 \"\" \"pullseal " PULLSEAL_VERSION "\" \"pullseal\"\n.SH NAME\n";
  out += "pullseal \\- " + Roff("explain and check what pullseald enforces") + "\n";
  out += ".SH SYNOPSIS\n.B pullseal\n\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n.SH DESCRIPTION\n";
  out += Roff(
             "pullseald stands between kubelet and containerd and lets only images run whose signatures satisfy the "
             "node's policy. This command judges images by the same code, asks a running daemon what it knows, and "
             "reads its audit log.") +
         "\n.SH COMMANDS\n";
  AddCommand(app, out);
  out += ".SH EXIT STATUS\n0: allowed, or good. 1: refused, or bad. 2: could not decide. 64: wrong usage.\n";
  out += ".SH FILES\n.TP\n" + Roff("/etc/pullseal/policy.yaml") + "\nthe policy\n.TP\n" +
         Roff("/var/log/pullseal/audit.jsonl") + "\nthe audit log\n.TP\n" + Roff("/run/pullseal/admin/admin.sock") +
         "\nthe daemon's admin socket\n.SH SEE ALSO\n.BR pullseald (8)\n";
  return out;
}

std::string BashCompletion(const CLI::App& app) {
  std::string cases;
  std::string known;
  AddCompletion(app, "pullseal", known, cases);
  return "# bash completion for pullseal\n_pullseal() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} path=pullseal words= word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$path $word\" in " +
         known +
         ") path=\"$path $word\" ;; esac\n"
         "  done\n  case $path in\n" +
         cases +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n}\n"
         "complete -F _pullseal pullseal\n";
}

}  // namespace pullseal::cli
