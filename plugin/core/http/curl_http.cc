// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/base/lru.h"
#include "core/base/mutex.h"
#include "core/http/address.h"
#include "core/http/http.h"
#include "core/http/libcurl.h"
#include "core/http/limits.h"
#include "core/http/proxy.h"
#include "core/http/roots.h"

namespace pullseal::http {
namespace {

struct EasyDeleter {
  void operator()(CURL* handle) const { Libcurl::Get()->easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

// Headers may hold tokens, so the list is wiped.
struct ListDeleter {
  void operator()(curl_slist* list) const {
    for (const curl_slist* one = list; one != nullptr; one = one->next)
      ::explicit_bzero(one->data, std::strlen(one->data));
    Libcurl::Get()->slist_free_all(list);
  }
};

// What the callbacks of one exchange share.
struct Exchange {
  HttpResponse response;
  std::size_t most = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  Reach reach = Reach::kConfigured;
  bool proxied = false;  // the peer is the proxy
  bool out_of_reach = false;
};

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  if (exchange.response.body.size() + bytes > exchange.most) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(data, bytes);
  return bytes;
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  exchange.header_bytes += bytes;
  if (exchange.header_bytes > limits::kResponseHeaderBytes) {
    exchange.too_large = true;
    return 0;
  }
  const std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();  // an interim response came before
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  exchange.response.headers.emplace(std::move(name), value);
  return bytes;
}

// Asked before a connection is made: addresses that nothing may be sent to are not even connected to.
curl_socket_t OpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  char text[INET6_ADDRSTRLEN] = {};
  const void* raw = address->family == AF_INET
                        ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&address->addr)->sin_addr)
                        : &reinterpret_cast<const sockaddr_in6*>(&address->addr)->sin6_addr;
  const bool known = (address->family == AF_INET || address->family == AF_INET6) &&
                     ::inet_ntop(address->family, raw, text, sizeof text) != nullptr;
  if (!known || !MayReach(exchange.proxied ? Reach::kConfigured : exchange.reach, text)) {
    exchange.out_of_reach = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Asked before a request is sent, also on a connection that was made for another one.
int BeforeRequest(void* user, char* peer, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.proxied) return CURL_PREREQFUNC_OK;
  exchange.response.peer = peer != nullptr ? peer : "";
  if (MayReach(exchange.reach, exchange.response.peer)) return CURL_PREREQFUNC_OK;
  exchange.out_of_reach = true;
  return CURL_PREREQFUNC_ABORT;
}

bool IsNonsense(CURLcode code) {
  return code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_PARTIAL_FILE || code == CURLE_UNSUPPORTED_PROTOCOL ||
         code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_BAD_CONTENT_ENCODING;
}

class CurlHttp final : public Http {
 public:
  explicit CurlHttp(std::string ca_file) : roots_(std::move(ca_file)) {}

  Result<HttpResponse> Do(const HttpRequest& request) override {
    const bool tls_first = request.url.scheme == "http" && request.transport && request.transport->tls_first;
    if (!tls_first || IsPlain(request.url)) return Once(request);
    HttpRequest by_tls = request;
    by_tls.url.scheme = "https";
    bool no_tls = false;
    auto response = Once(by_tls, &no_tls);
    if (!no_tls) return response;
    {
      const MutexLock lock(mutex_);
      plain_.Put(request.url.host + ":" + request.url.port, true);
    }
    return Once(request);
  }

 private:
  bool IsPlain(const Url& url) {
    const MutexLock lock(mutex_);
    return plain_.Find(url.host + ":" + url.port).has_value();
  }

  // One exchange by the URL's scheme. `no_tls` is set if the other side does not speak TLS.
  Result<HttpResponse> Once(const HttpRequest& request, bool* no_tls = nullptr) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Error{ErrorCode::kTimeout, "no time left for a request to " + request.url.host};
    if (curl_ == nullptr) return Error{ErrorCode::kUnavailable, "libcurl cannot be loaded; install libcurl4"};
    const Transport& transport = request.transport ? *request.transport : default_;
    auto roots = roots_.With(transport.more_roots);
    if (!roots) return roots.error();
    EasyHandle handle = Take();
    if (!handle) return Error{ErrorCode::kUnavailable, "libcurl gives no handle"};
    const std::string proxy = request.reach == Reach::kMetadata ? std::string() : proxies_.For(request.url);
    Exchange exchange;
    exchange.most = request.most;
    exchange.reach = request.reach;
    exchange.proxied = !proxy.empty();
    const std::unique_ptr<curl_slist, ListDeleter> headers(HeaderList(request));
    const auto limit = std::min<std::chrono::milliseconds>(left, limits::kRequestTime);
    curl_->easy_reset(handle.get());
    SetRequest(handle.get(), request, headers.get());
    SetConnection(handle.get(), transport, proxy, roots->get(), limit);
    SetCallbacks(handle.get(), exchange);
    const CURLcode code = curl_->easy_perform(handle.get());
    if (code != CURLE_OK) {
      if (no_tls != nullptr) *no_tls = code == CURLE_SSL_CONNECT_ERROR;
      return Failure(code, handle.get(), request, exchange);
    }
    curl_->easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &exchange.response.status);
    // Nothing of this request may stay behind in the handle: it points to what goes now.
    curl_->easy_reset(handle.get());
    Give(std::move(handle));
    return std::move(exchange.response);
  }

  curl_slist* HeaderList(const HttpRequest& request) const {
    curl_slist* list = curl_->slist_append(nullptr, "Expect:");
    const auto add = [&](const std::string& header) {
      if (header.find_first_of("\r\n") == std::string::npos) list = curl_->slist_append(list, header.c_str());
    };
    for (const std::string& header : request.headers) add(header);
    if (!request.authorization.empty()) {
      const Secret header("Authorization: " + request.authorization.text());
      add(header.text());
    }
    return list;
  }

  void SetRequest(CURL* handle, const HttpRequest& request, curl_slist* headers) const {
    curl_->easy_setopt(handle, CURLOPT_URL, request.url.Text().c_str());
    curl_->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_->easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_->easy_setopt(handle, CURLOPT_USERAGENT, "pullseal/" PULLSEAL_VERSION);
    curl_->easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    if (request.method == "HEAD") {
      curl_->easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      curl_->easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_->easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.text().size()));
      curl_->easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.text().c_str());
    }
  }

  void SetConnection(CURL* handle, const Transport& transport, const std::string& proxy, const std::string* roots,
                     std::chrono::milliseconds limit) const {
    curl_->easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (transport.skip_verify) {
      // Roots that nothing is checked against are not read.
      curl_->easy_setopt(handle, CURLOPT_CAINFO, nullptr);
      curl_->easy_setopt(handle, CURLOPT_CAPATH, nullptr);
      curl_->easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_->easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (roots != nullptr) {
      curl_blob blob{const_cast<char*>(roots->data()), roots->size(), CURL_BLOB_NOCOPY};
      curl_->easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
    } else if (!system_roots_.empty()) {
      curl_->easy_setopt(handle, CURLOPT_CAINFO, system_roots_.c_str());
    }
    if (!transport.client_certificate.empty()) {
      const std::string& key = transport.client_key;
      curl_->easy_setopt(handle, CURLOPT_SSLCERT, transport.client_certificate.c_str());
      curl_->easy_setopt(handle, CURLOPT_SSLKEY, (key.empty() ? transport.client_certificate : key).c_str());
    }
    // Ours to choose: libcurl reads the environment by other rules than containerd does.
    curl_->easy_setopt(handle, CURLOPT_PROXY, proxy.c_str());
    curl_->easy_setopt(handle, CURLOPT_NOPROXY, "");
    // A proxy that is spoken to by TLS is checked by the same authorities, whatever the host behind it asks for.
    if (roots != nullptr) {
      curl_blob blob{const_cast<char*>(roots->data()), roots->size(), CURL_BLOB_NOCOPY};
      curl_->easy_setopt(handle, CURLOPT_PROXY_CAINFO_BLOB, &blob);
    } else if (!system_roots_.empty()) {
      curl_->easy_setopt(handle, CURLOPT_PROXY_CAINFO, system_roots_.c_str());
    }
    curl_->easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                       static_cast<long>(std::min(limit, transport.connect_time).count()));
    curl_->easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl_->easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, limits::kSlowBytesPerSecond);
    curl_->easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits::kSlowTime.count()));
  }

  void SetCallbacks(CURL* handle, Exchange& exchange) const {
    curl_->easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    curl_->easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &exchange);
    curl_->easy_setopt(handle, CURLOPT_PREREQFUNCTION, &BeforeRequest);
    curl_->easy_setopt(handle, CURLOPT_PREREQDATA, &exchange);
    curl_->easy_setopt(handle, CURLOPT_WRITEFUNCTION, &OnBody);
    curl_->easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_->easy_setopt(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl_->easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  }

  Error Failure(CURLcode code, CURL* handle, const HttpRequest& request, const Exchange& exchange) const {
    const std::string where =
        request.method + " " + request.url.scheme + "://" + request.url.host + ":" + request.url.port;
    if (exchange.too_large) {
      return Error{ErrorCode::kLimit, where + ": the answer is larger than " + std::to_string(request.most) + " bytes"};
    }
    if (exchange.out_of_reach) {
      return Error{ErrorCode::kRemote, where + ": its address is one that a registry may not send us to; refused"};
    }
    const std::string text = where + ": " + curl_->easy_strerror(code);
    if (IsNonsense(code)) return Error{ErrorCode::kRemote, text};
    double connected = 0;
    curl_->easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME, &connected);
    const bool slow = code == CURLE_OPERATION_TIMEDOUT && connected > 0;
    return Error{slow ? ErrorCode::kTimeout : ErrorCode::kUnreachable, text};
  }

  // Handles keep their connections; one is used by one thread at a time.
  EasyHandle Take() {
    const MutexLock lock(mutex_);
    if (idle_.empty()) return EasyHandle(curl_->easy_init());
    EasyHandle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  void Give(EasyHandle handle) {
    const MutexLock lock(mutex_);
    if (idle_.size() < limits::kIdleConnections) idle_.push_back(std::move(handle));
  }

  const Libcurl* const curl_ = Libcurl::Get();
  const ProxyRules proxies_ = ProxyRules::FromEnvironment();
  const std::string system_roots_ = SystemRootsFile();
  const Transport default_;
  Roots roots_;
  Mutex mutex_;
  LruMap<bool> plain_ PULLSEAL_GUARDED_BY(mutex_){limits::kRestingHosts};  // hosts that were found to speak no TLS
  std::vector<EasyHandle> idle_ PULLSEAL_GUARDED_BY(mutex_);
};

}  // namespace

std::string_view HttpResponse::Header(std::string_view lower_name) const {
  const auto found = headers.find(std::string(lower_name));
  return found != headers.end() ? std::string_view(found->second) : std::string_view();
}

std::unique_ptr<Http> MakeCurlHttp(const std::string& ca_file) { return std::make_unique<CurlHttp>(ca_file); }

}  // namespace pullseal::http
