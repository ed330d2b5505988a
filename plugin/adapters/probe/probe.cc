// SPDX-License-Identifier: Apache-2.0
#include "adapters/probe/probe.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "adapters/probe/limits.h"
#include "adapters/relay/grpc_wire.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "cri.pb.h"

namespace pullseal::probe {
namespace {

namespace v1 = ::runtime::v1;

std::string DecodeMessage(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3;
    out += coded ? static_cast<char>(value) : text[i];
    if (coded) i += 2;
  }
  return out;
}

// One connection with one call on it.
class Conversation {
 public:
  Conversation(int fd, SteadyTime deadline) : fd_(fd), deadline_(deadline) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(session);
  }

  Result<CallAnswer> Run(const std::string& method, const std::string& request) {
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, nullptr, 0);
    request_ = relay::Frame(request);
    Submit(method);
    while (!over_) {
      if (const Status moved = Move(); !moved) return moved.error();
    }
    if (too_much_) return Error{ErrorCode::kLimit, method + ": the answer is too long"};
    if (status_ < 0) return Error{ErrorCode::kRemote, method + ": what answers is no gRPC server"};
    CallAnswer out{status_, DecodeMessage(message_), {}};
    if (status_ != 0) return out;
    auto body = relay::UnframeOne(body_);
    if (!body) return Error{ErrorCode::kRemote, method + ": " + body.error().message};
    out.body = std::move(*body);
    return out;
  }

 private:
  void Submit(const std::string& method) {
    const auto header = [](const char* name, const std::string& value) {
      return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), std::strlen(name),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const std::string post = "POST", http = "http", host = "localhost", type = "application/grpc", te = "trailers";
    const std::string agent = "pullseal";
    const std::array headers = {header(":method", post),    header(":scheme", http), header(":path", method),
                                header(":authority", host), header("te", te),        header("content-type", type),
                                header("user-agent", agent)};
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t most, std::uint32_t* flags,
                            nghttp2_data_source* source, void*) -> ssize_t {
      auto& self = *static_cast<Conversation*>(source->ptr);
      const std::size_t size = std::min(most, self.request_.size() - self.sent_);
      std::memcpy(into, self.request_.data() + self.sent_, size);
      self.sent_ += size;
      if (self.sent_ == self.request_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body, nullptr);
  }

  Status Move() {
    while (true) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
      if (size < 0) return Error{ErrorCode::kRemote, nghttp2_strerror(static_cast<int>(size))};
      if (size == 0) break;
      for (ssize_t done = 0; done < size;) {
        const ssize_t sent = ::send(fd_, data + done, static_cast<std::size_t>(size - done), MSG_NOSIGNAL);
        if (sent <= 0) return Error{ErrorCode::kUnreachable, "the connection broke: " + ErrnoText(errno)};
        done += sent;
      }
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd one{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&one, 1, static_cast<int>(left.count())) == 0) {
      return Error{ErrorCode::kTimeout, "no answer in time"};
    }
    std::array<std::uint8_t, 16384> chunk;
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) return {};
    if (got <= 0) return Error{ErrorCode::kUnreachable, "the connection was closed"};
    const ssize_t taken = nghttp2_session_mem_recv(session_.get(), chunk.data(), static_cast<std::size_t>(got));
    if (taken < 0) return Error{ErrorCode::kRemote, nghttp2_strerror(static_cast<int>(taken))};
    return {};
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    auto& self = *static_cast<Conversation*>(user);
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == "grpc-status") std::from_chars(text.data(), text.data() + text.size(), self.status_);
    if (key == "grpc-message") self.message_ = text.substr(0, limits::kProbeBytes);
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                    void* user) {
    auto& self = *static_cast<Conversation*>(user);
    self.too_much_ = self.too_much_ || self.body_.size() + size > limits::kProbeBytes;
    self.over_ = self.over_ || self.too_much_;
    if (!self.too_much_) self.body_.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int OnClose(nghttp2_session*, std::int32_t, std::uint32_t, void* user) {
    static_cast<Conversation*>(user)->over_ = true;
    return 0;
  }

  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  const int fd_;
  const SteadyTime deadline_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  std::string request_;
  std::size_t sent_ = 0;
  int status_ = -1;
  std::string message_;
  std::string body_;
  bool over_ = false;
  bool too_much_ = false;
};

}  // namespace

Result<CallAnswer> AskCri(const std::string& socket, const std::string& method, const std::string& request,
                          SteadyTime deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return Error{ErrorCode::kInvalid, "the socket's path is too long"};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{ErrorCode::kUnreachable, "connect to " + socket + ": " + ErrnoText(errno)};
  }
  auto answer = Conversation(fd.get(), deadline).Run(method, request);
  if (!answer) return answer.error().In(socket);
  return answer;
}

Result<RuntimeVersion> AskVersion(const std::string& socket, SteadyTime deadline) {
  auto answer = AskCri(socket, "/runtime.v1.RuntimeService/Version", "", deadline);
  if (!answer) return answer.error();
  if (answer->status != 0) return Error{ErrorCode::kRemote, socket + ": Version: " + Printable(answer->message, 300)};
  v1::VersionResponse response;
  if (!response.ParseFromString(answer->body) || response.version().empty() || response.runtime_name().empty() ||
      response.runtime_version().empty() || response.runtime_api_version().empty()) {
    return Error{ErrorCode::kRemote, socket + ": Version: an empty answer"};
  }
  return RuntimeVersion{response.runtime_name(), response.runtime_version()};
}

Result<CallAnswer> PullImage(const std::string& socket, const std::string& image, SteadyTime deadline) {
  v1::PullImageRequest request;
  request.mutable_image()->set_image(image);
  return AskCri(socket, "/runtime.v1.ImageService/PullImage", request.SerializeAsString(), deadline);
}

}  // namespace pullseal::probe
