// SPDX-License-Identifier: Apache-2.0
#include "node/install/kubelet.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <utility>

#include "core/base/bytes.h"
#include "core/yaml/yaml.h"
#include "node/install/limits.h"

namespace pullseal::install {
namespace {

constexpr std::string_view kAksVariable = "KUBELET_CONTAINERD_FLAGS";

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// The lines of a unit, continued ones joined (systemd.syntax(7)), comments gone; what `systemctl cat` says of our own
// drop-in is left out.
std::vector<std::string> UnitLines(std::string_view text) {
  std::vector<std::string> out;
  bool ours = false;
  bool continues = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!continues && line.starts_with("# /")) ours = line.substr(2) == kKubeletDropIn;
    if (ours || line.starts_with('#') || line.starts_with(';')) continue;
    const bool more = line.ends_with('\\');
    if (more) line.remove_suffix(1);
    if (continues) {
      out.back() += " " + std::string(Trimmed(line));
    } else {
      out.emplace_back(line);
    }
    continues = more;
  }
  return out;
}

// The words of an Environment= line: quoted ones whole, with \" and \\ undone.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      if (in_word) out.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) out.push_back(word);
  return out;
}

std::string WithoutEndpoints(std::string_view flags) {
  std::string out;
  bool skip_value = false;
  for (const std::string& word : Words(flags)) {
    const bool value = std::exchange(skip_value, false);
    if (value) continue;
    if (word == "--container-runtime-endpoint" || word == "--image-service-endpoint") {
      skip_value = true;
    } else if (!word.starts_with("--container-runtime-endpoint=") && !word.starts_with("--image-service-endpoint=")) {
      out += (out.empty() ? "" : " ") + word;
    }
  }
  return out;
}

std::string OurFlags(std::string_view socket) {
  const std::string endpoint = "unix://" + std::string(socket);
  return "--container-runtime-endpoint=" + endpoint + " --image-service-endpoint=" + endpoint;
}

// For an Environment= line in quotation marks: '%' starts a specifier there (systemd.unit(5)).
std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%') out += '%';
    out += c;
  }
  return out;
}

std::string ProcFile(const Host& host, int pid, const char* name) {
  const std::string path = host.Path("/proc/" + std::to_string(pid) + "/" + name);
  auto text = ReadFile(path, limits::kNodeCommandBytes);
  return text ? *text : std::string();
}

// What kubelet's configuration file says, if it can be read as YAML of the plain kind, or JSON.
std::string FromConfigFile(const Host& host, int pid, const std::string& file, std::string_view member) {
  if (file.empty()) return {};
  auto text = ReadFile(host.Path("/proc/" + std::to_string(pid) + "/root" + file), limits::kSettingsFileBytes);
  if (!text) return {};
  const auto parsed = yaml::Parse(*text, limits::kSettingsFileBytes);
  const yaml::Node* found = parsed ? parsed->Find(member) : nullptr;
  return found != nullptr && found->kind == yaml::Node::Kind::kScalar ? found->scalar : std::string();
}

KubeletProcess Describe(const Host& host, int pid, std::vector<std::string> arguments) {
  KubeletProcess out;
  out.pid = pid;
  const std::string file = FlagOf(arguments, "config").value_or("");
  // A flag wins over the file.
  const auto setting = [&](std::string_view flag, std::string_view member, std::string_view usual) {
    if (auto value = FlagOf(arguments, flag)) return *value;
    const std::string value = FromConfigFile(host, pid, file, member);
    return value.empty() ? std::string(usual) : value;
  };
  out.runtime_endpoint = setting("container-runtime-endpoint", "containerRuntimeEndpoint", kContainerdEndpoint);
  out.image_endpoint = setting("image-service-endpoint", "imageServiceEndpoint", "");
  out.healthz_port = setting("healthz-port", "healthzPort", "10248");
  out.provider_config = FlagOf(arguments, "image-credential-provider-config").value_or("");
  out.provider_folder = FlagOf(arguments, "image-credential-provider-bin-dir").value_or("");
  out.arguments = std::move(arguments);
  return out;
}

}  // namespace

std::string_view Text(KubeletKind kind) {
  switch (kind) {
    case KubeletKind::kAks:
      return "AKS";
    case KubeletKind::kKubeadm:
      return "kubeadm";
    case KubeletKind::kStandalone:
      return "standalone";
  }
  return "standalone";
}

Result<KubeletUnit> ParseKubeletUnit(std::string_view text) {
  KubeletUnit out;
  std::string section;
  for (const std::string& line : UnitLines(text)) {
    if (line.starts_with('[')) section = line;
    if (section != "[Service]") continue;
    if (line.starts_with("ExecStart=")) out.exec_start = Trimmed(std::string_view(line).substr(10));
    if (!line.starts_with("Environment=")) continue;
    for (const std::string& word : Words(std::string_view(line).substr(12))) {
      if (word.starts_with(std::string(kAksVariable) + "="))
        out.containerd_flags = word.substr(kAksVariable.size() + 1);
    }
  }
  if (out.exec_start.find("kubelet") == std::string::npos) {
    return Error{ErrorCode::kInvalid, "kubelet.service has no command line that runs a kubelet"};
  }
  const auto uses = [&](std::string_view variable) {
    return out.exec_start.find("$" + std::string(variable)) != std::string::npos ||
           out.exec_start.find("${" + std::string(variable) + "}") != std::string::npos;
  };
  if (uses(kAksVariable) && !out.containerd_flags.empty()) {
    out.kind = KubeletKind::kAks;
  } else if (uses("KUBELET_KUBEADM_ARGS")) {
    out.kind = KubeletKind::kKubeadm;
  }
  return out;
}

std::string EndpointOverride(const KubeletUnit& unit, std::string_view socket) {
  if (unit.kind == KubeletKind::kAks) {
    const std::string kept = WithoutEndpoints(unit.containerd_flags);
    return "Environment=\"" + std::string(kAksVariable) + "=" +
           Quoted((kept.empty() ? "" : kept + " ") + OurFlags(socket)) + "\"";
  }
  return "ExecStart=\nExecStart=" + unit.exec_start + " " + OurFlags(socket);
}

std::optional<std::string> FlagOf(const std::vector<std::string>& arguments, std::string_view name) {
  std::optional<std::string> out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view one = arguments[i];
    if (!one.starts_with("-")) continue;
    one.remove_prefix(one.starts_with("--") ? 2 : 1);
    if (one == name && i + 1 < arguments.size()) out = arguments[i + 1];
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) out = one.substr(name.size() + 1);
  }
  return out;
}

std::vector<KubeletProcess> FindKubelets(const Host& host) {
  std::vector<KubeletProcess> out;
  std::error_code error;
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(host.Path("/proc"), error)) {
    const std::string name = entry.path().filename().string();
    int pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || end != name.data() + name.size()) continue;
    if (++seen > limits::kProcesses) break;
    if (ProcFile(host, pid, "comm") != "kubelet\n") continue;
    const std::string line = ProcFile(host, pid, "cmdline");
    std::vector<std::string> arguments;
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t stop = std::min(line.find('\0', at), line.size());
      arguments.push_back(line.substr(at, stop - at));
      at = stop + 1;
    }
    if (!arguments.empty()) out.push_back(Describe(host, pid, std::move(arguments)));
  }
  return out;
}

bool MeansSocket(std::string_view endpoint, std::string_view path) {
  const auto plain = [](std::string_view text) {
    if (text.starts_with("unix:")) text.remove_prefix(5);
    while (text.starts_with("//")) text.remove_prefix(1);
    if (text.starts_with("/var/run/")) text.remove_prefix(4);
    return text;
  };
  return plain(endpoint) == plain(path);
}

std::optional<std::string> KubeletSickness(const std::string& port) {
  if (port == "0") return std::nullopt;
  std::uint16_t number = 0;
  const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (bad != std::errc() || end != port.data() + port.size()) return "its healthz port \"" + port + "\" is no port";
  const OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{limits::kHealthTime.count(), 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return "nothing answers at 127.0.0.1:" + port + "/healthz";
  }
  const std::string request = "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "healthz does not answer";
  std::string answer(limits::kHealthBytes, '\0');
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::string line = answer.substr(0, answer.find('\r'));
  if (line.starts_with("HTTP/1.") && line.find(" 200") == 8) return std::nullopt;
  return "healthz says \"" + Printable(line, 80) + "\"";
}

}  // namespace pullseal::install
