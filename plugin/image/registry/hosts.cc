// SPDX-License-Identifier: Apache-2.0
#include "image/registry/hosts.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/http/address.h"
#include "core/http/limits.h"
#include "image/registry/hosts_file.h"
#include "image/registry/limits.h"

namespace pullseal::registry {
namespace {

constexpr std::string_view kDockerHub = "docker.io";
constexpr const char* kDockerHubServer = "registry-1.docker.io";

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string Within(const std::string& folder, const std::string& path) {
  return path.empty() || path.front() == '/' ? path : folder + "/" + path;
}

// Docker's layout: *.crt are authorities, *.cert with a *.key of the same name are client certificates. In the order of
// the names, as a directory is listed in Go.
HostEntry ReadCertificateFiles(const std::string& folder) {
  HostEntry out;
  std::vector<std::string> names;
  if (DIR* listing = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(listing)) {
      if (names.size() < limits::kCertificateFiles) names.emplace_back(entry->d_name);
    }
    ::closedir(listing);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name.ends_with(".crt")) out.ca.push_back(name);
    if (!name.ends_with(".cert")) continue;
    const std::string key = name.substr(0, name.size() - 5) + ".key";
    out.client.emplace_back(name, Exists(folder + "/" + key) ? key : "");
  }
  return out;
}

std::string HostAndPort(const http::Url& url) {
  const bool usual = url.port == (url.scheme == "https" ? "443" : "80");
  return usual ? url.host : url.host + ":" + url.port;
}

// The files an endpoint needs, read into its transport; `files` gets their stamps.
Result<std::shared_ptr<const http::Transport>> MakeTransport(
    const HostEntry& entry, const std::string& folder, std::vector<std::pair<std::string, http::FileStamp>>& files) {
  auto out = std::make_shared<http::Transport>();
  for (const std::string& name : entry.ca) {
    const std::string path = Within(folder, name);
    files.emplace_back(path, http::FileStamp::Of(path));
    auto text = ReadFile(path, limits::kRootsBytes);
    if (!text) return Error{ErrorCode::kUnavailable, text.error().message};
    if (text->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return Error{ErrorCode::kUnavailable, path + " holds no certificate"};
    }
    out->more_roots += *text + "\n";
  }
  if (!entry.client.empty()) {
    out->client_certificate = Within(folder, entry.client.front().first);
    out->client_key = Within(folder, entry.client.front().second);
    for (const std::string& path : {out->client_certificate, out->client_key}) {
      if (path.empty()) continue;
      files.emplace_back(path, http::FileStamp::Of(path));
      if (!Exists(path)) return Error{ErrorCode::kUnavailable, path + " is not there"};
    }
  }
  out->skip_verify = entry.skip_verify.value_or(false);
  if (entry.dial_timeout && entry.dial_timeout->count() > 0) out->connect_time = *entry.dial_timeout;
  return std::shared_ptr<const http::Transport>(std::move(out));
}

}  // namespace

bool Hosts::Known::IsCurrent() const {
  return std::all_of(files.begin(), files.end(),
                     [](const auto& file) { return http::FileStamp::Of(file.first) == file.second; });
}

// containerd: in each folder the first that exists of host_port_, host:port, _default; no merging.
std::string Hosts::FolderOf(const std::string& host) const {
  std::vector<std::string> names;
  if (const std::size_t colon = host.rfind(':'); colon != std::string::npos && colon > 0) {
    names.push_back(host.substr(0, colon) + "_" + host.substr(colon + 1) + "_");
  }
  names.push_back(host);
  names.emplace_back("_default");
  for (const std::string& folder : folders_ ? folders_() : std::vector<std::string>()) {
    for (const std::string& name : names) {
      if (Exists(folder + "/" + name)) return folder + "/" + name;
    }
  }
  return {};
}

// Where containerd goes without any file, or where the last entry of a file names no server.
Endpoint Hosts::Default(const std::string& host) const {
  Endpoint out;
  out.original = host;
  const std::string server = host == kDockerHub ? kDockerHubServer : host;
  auto url = http::Url::Parse("https://" + server + "/v2");
  if (!url) return out;
  const bool listed = std::find(plain_http_.begin(), plain_http_.end(), host) != plain_http_.end();
  const bool local = http::IsLoopback(url->host) && host.find(':') != std::string::npos && url->port != "443";
  if (listed || local) url = http::Url::Parse("http://" + server + "/v2");
  if (!url) return out;
  out.base = std::move(*url);
  out.host = server;
  return out;
}

Result<std::shared_ptr<const Hosts::Known>> Hosts::Read(const std::string& host, const std::string& folder) const {
  auto known = std::make_shared<Known>();
  known->folder = folder;
  std::vector<HostEntry> entries(1);
  if (!folder.empty()) {
    const std::string path = folder + "/hosts.toml";
    known->files = {{folder, http::FileStamp::Of(folder)}, {path, http::FileStamp::Of(path)}};
    auto text = ReadFile(path, limits::kHostsFileBytes);
    if (!text && text.error().code != ErrorCode::kNotFound) return Error{ErrorCode::kUnavailable, text.error().message};
    auto parsed =
        text && !text->empty() ? ParseHostsFile(*text) : Result<std::vector<HostEntry>>(std::vector<HostEntry>{});
    // As containerd does, which logs it and goes to the registry itself.
    if (!parsed) warning_(path + " is passed over, as containerd passes it over: " + parsed.error().message);
    entries = parsed && !parsed->empty() ? std::move(*parsed) : std::vector<HostEntry>{ReadCertificateFiles(folder)};
  }
  auto endpoints = std::make_shared<std::vector<Endpoint>>();
  for (const HostEntry& entry : entries) {
    Endpoint one = Default(host);
    bool own_tls = entry.ConfiguresTls();
    HostEntry transport = entry;
    if (!entry.url.empty()) {
      auto url = http::Url::Parse(entry.url);
      if (!url) {
        warning_(folder + "/hosts.toml: " + url.error().message);
        continue;
      }
      one.base = std::move(*url);
      while (one.base.path_and_query.ends_with('/')) one.base.path_and_query.pop_back();
      one.host = HostAndPort(one.base);
      one.pull = entry.pull;
      one.resolve = entry.resolve;
      one.mirror = one.host != host && !(host == kDockerHub && one.host == kDockerHubServer);
    } else if (http::IsLoopback(one.base.host) && one.base.port != "80") {
      // This machine's own registries: containerd checks no certificate of theirs and finds out whether they have one.
      transport.skip_verify = true;
      own_tls = true;
    }
    one.headers = entry.headers;
    auto made = MakeTransport(transport, folder, known->files);
    if (!made) return made.error().In("registry host " + one.host);
    if (one.base.scheme == "http" && own_tls && one.base.port != "80") {
      auto with_tls = std::make_shared<http::Transport>(**made);
      with_tls->tls_first = true;
      made = std::shared_ptr<const http::Transport>(std::move(with_tls));
    }
    one.transport = std::move(*made);
    if (!one.base.host.empty()) endpoints->push_back(std::move(one));
  }
  known->endpoints = std::move(endpoints);
  return std::shared_ptr<const Known>(std::move(known));
}

Result<Endpoints> Hosts::For(const std::string& host) {
  const std::string folder = FolderOf(host);
  const MutexLock lock(mutex_);
  if (const auto known = known_.Find(host); known && (*known)->folder == folder && (*known)->IsCurrent()) {
    return (*known)->endpoints;
  }
  auto read = Read(host, folder);
  if (!read) return read.error();
  known_.Put(host, *read);
  return (*read)->endpoints;
}

}  // namespace pullseal::registry
