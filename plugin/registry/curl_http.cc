#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "registry/http.h"
#include "registry/libcurl.h"
#include "registry/proxy.h"

namespace pullseal::registry {
namespace {

struct EasyDeleter {
  void operator()(CURL* handle) const { Libcurl::Get()->easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { Libcurl::Get()->slist_free_all(list); }
};

// What the callbacks of one exchange share.
struct Exchange {
  HttpResponse response;
  std::size_t most = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
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

// Refuses to connect to link-local addresses and the cloud's metadata services, whatever name led there.
curl_socket_t OpenSocket(void*, curlsocktype, curl_sockaddr* address) {
  if (address->family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address->addr);
    const std::uint32_t ip = ntohl(v4->sin_addr.s_addr);
    if ((ip >> 16) == 0xA9FE || ip == 0xA83F8110) return CURL_SOCKET_BAD;
  } else if (address->family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address->addr);
    if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

class CurlHttp final : public Http {
 public:
  explicit CurlHttp(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  Result<HttpResponse> Do(const HttpRequest& request) override {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Error{ErrorCode::kTimeout, "no time left for a request to " + request.url.host};
    if (curl_ == nullptr) return Error{ErrorCode::kUnavailable, "libcurl cannot be loaded; install libcurl4"};
    EasyHandle handle = Take();
    if (!handle) return Error{ErrorCode::kUnavailable, "libcurl gives no handle"};
    Exchange exchange;
    exchange.most = request.most;
    const std::unique_ptr<curl_slist, ListDeleter> headers(HeaderList(request));
    Prepare(handle.get(), request, headers.get(), exchange, left);
    const CURLcode code = curl_->easy_perform(handle.get());
    if (code != CURLE_OK) return Failure(code, request, exchange, left);
    curl_->easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &exchange.response.status);
    Give(std::move(handle));
    return std::move(exchange.response);
  }

 private:
  curl_slist* HeaderList(const HttpRequest& request) const {
    curl_slist* list = curl_->slist_append(nullptr, "Expect:");
    for (const std::string& header : request.headers) {
      if (header.find_first_of("\r\n") == std::string::npos) list = curl_->slist_append(list, header.c_str());
    }
    return list;
  }

  void Prepare(CURL* handle, const HttpRequest& request, curl_slist* headers, Exchange& exchange,
               std::chrono::milliseconds left) const {
    const auto limit = std::min<std::chrono::milliseconds>(left, limits::kRequestTime);
    curl_->easy_reset(handle);
    curl_->easy_setopt(handle, CURLOPT_URL, request.url.Text().c_str());
    curl_->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_->easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_->easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // Ours to choose: libcurl reads the environment by other rules than containerd does.
    curl_->easy_setopt(handle, CURLOPT_PROXY, proxies_.For(request.url).c_str());
    curl_->easy_setopt(handle, CURLOPT_NOPROXY, "");
    curl_->easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!ca_file_.empty()) curl_->easy_setopt(handle, CURLOPT_CAINFO, ca_file_.c_str());
    curl_->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                       static_cast<long>(std::min<std::chrono::milliseconds>(limit, limits::kConnectTime).count()));
    curl_->easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl_->easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, limits::kSlowBytesPerSecond);
    curl_->easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits::kSlowTime.count()));
    curl_->easy_setopt(handle, CURLOPT_USERAGENT, "pullseal/" PULLSEAL_VERSION);
    curl_->easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_->easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    curl_->easy_setopt(handle, CURLOPT_WRITEFUNCTION, &OnBody);
    curl_->easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_->easy_setopt(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl_->easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    if (request.method == "HEAD") {
      curl_->easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      curl_->easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_->easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
      curl_->easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, request.body.c_str());
    }
  }

  Error Failure(CURLcode code, const HttpRequest& request, const Exchange& exchange,
                std::chrono::milliseconds left) const {
    const std::string where =
        request.method + " " + request.url.scheme + "://" + request.url.host + ":" + request.url.port;
    if (exchange.too_large) {
      return Error{ErrorCode::kLimit, where + ": the answer is larger than " + std::to_string(request.most) + " bytes"};
    }
    const bool deadline = code == CURLE_OPERATION_TIMEDOUT && left <= limits::kRequestTime;
    return Error{deadline ? ErrorCode::kTimeout : ErrorCode::kUnreachable, where + ": " + curl_->easy_strerror(code)};
  }

  // Handles keep their connections; one is used by one thread at a time.
  EasyHandle Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return EasyHandle(curl_->easy_init());
    EasyHandle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  void Give(EasyHandle handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < 8) idle_.push_back(std::move(handle));
  }

  const Libcurl* const curl_ = Libcurl::Get();
  const ProxyRules proxies_ = ProxyRules::FromEnvironment();
  const std::string ca_file_;
  std::mutex mutex_;
  std::vector<EasyHandle> idle_;  // guarded by mutex_
};

}  // namespace

std::string_view HttpResponse::Header(std::string_view lower_name) const {
  const auto found = headers.find(std::string(lower_name));
  return found != headers.end() ? std::string_view(found->second) : std::string_view();
}

std::unique_ptr<Http> MakeCurlHttp(const std::string& ca_file) { return std::make_unique<CurlHttp>(ca_file); }

}  // namespace pullseal::registry
