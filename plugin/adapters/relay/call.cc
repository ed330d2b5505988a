// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/call.h"

#include <algorithm>
#include <cstring>

#include "adapters/relay/connection.h"
#include "adapters/relay/limits.h"
#include "adapters/relay/relay.h"
#include "core/base/limits.h"
#include "core/base/secret.h"

namespace pullseal::relay {
namespace {

const std::string* Find(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

// Not for the runtime: headers of this connection alone, and containerd's own namespace selector.
bool StaysHere(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "upgrade" ||
         name == "transfer-encoding" || name.starts_with("containerd-");
}

std::vector<nghttp2_nv> ToList(const HeaderList& headers) {
  std::vector<nghttp2_nv> list;
  list.reserve(headers.size());
  for (const auto& [name, value] : headers) {
    list.push_back(nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                              reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                              value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return list;
}

ssize_t ReadPipe(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                 nghttp2_data_source* source, void*) {
  (void)stream;
  return static_cast<Call*>(source->ptr)->ReadForClient(buffer, size, flags);
}

}  // namespace

std::size_t Pipe::Take(std::uint8_t* out, std::size_t most) {
  const std::size_t size = std::min(most, bytes_.size() - offset_);
  std::memcpy(out, bytes_.data() + offset_, size);
  offset_ += size;
  if (offset_ == bytes_.size()) {
    bytes_.clear();
    offset_ = 0;
  } else if (offset_ > 64 * 1024 && offset_ > bytes_.size() / 2) {  // each byte is moved once at most
    bytes_.erase(0, offset_);
    offset_ = 0;
  }
  return size;
}

Call::Call(Relay& relay, Connection& connection, std::int32_t stream)
    : relay_(relay),
      connection_(connection),
      stream_(stream),
      generation_(relay.NextGeneration()),
      received_(std::chrono::steady_clock::now()) {}

Call::~Call() { ReleaseHeld(); }

void Call::ReleaseHeld() {
  relay_.held().GiveBack(held_bytes_);
  held_bytes_ = 0;
}

// ---------------------------------------------------------------- the request

bool Call::AddRequestHeader(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + 32;
  if (header_bytes_ > limits::kHeaderListBytes) return false;
  request_headers_.emplace_back(name, value);
  return true;
}

void Call::OnRequestHeaders(bool end) {
  header_bytes_ = 0;
  const std::string* path = Find(request_headers_, ":path");
  const std::string* verb = Find(request_headers_, ":method");
  const std::string* type = Find(request_headers_, "content-type");
  method_ = path != nullptr ? relay_.calls().Find(*path) : nullptr;
  const bool grpc = verb != nullptr && *verb == "POST" && type != nullptr && type->starts_with("application/grpc");
  if (method_ == nullptr || !grpc) {
    method_ = nullptr;
    return Answer(GrpcStatus{GrpcCode::kUnimplemented, "unknown method; this socket serves runtime.v1 only"});
  }
  if (relay_.draining()) return Answer(GrpcStatus{GrpcCode::kUnavailable, "pullseald is stopping"});
  if (const std::string* timeout = Find(request_headers_, "grpc-timeout")) timeout_ = ParseTimeout(*timeout);
  handling_ = method_->judged ? relay_.calls().HandlingOf(*method_) : Handling::kPass;
  if (handling_ == Handling::kHold) {
    phase_ = Phase::kCollecting;
  } else {
    StartForwarding();
  }
  if (end) OnRequestEnd();
}

void Call::OnRequestData(const char* data, std::size_t size) {
  nghttp2_session* session = connection_.session();
  if (phase_ == Phase::kCollecting || (handling_ == Handling::kObserve && phase_ == Phase::kForwarding)) {
    const bool fits = held_request_.size() + size <= limits::kGrpcMessageBytes + limits::kRequestFrameOverhead;
    if (fits && relay_.held().Take(held_bytes_, size)) {
      held_bytes_ += size;
      held_request_.append(data, size);
    } else if (phase_ == Phase::kCollecting) {
      nghttp2_session_consume_stream(session, stream_, size);
      return Answer(fits ? relay_.calls().Overloaded(*method_, HeldMessage()) : TooLarge());
    }
    if (phase_ == Phase::kCollecting) {
      nghttp2_session_consume_stream(session, stream_, size);
      connection_.MarkDirty();
      return;
    }
  }
  if (phase_ != Phase::kForwarding || upstream_ == nullptr) {
    nghttp2_session_consume_stream(session, stream_, size);
    return;
  }
  to_runtime_.Append(data, size);
  if (to_runtime_.deferred) {
    to_runtime_.deferred = false;
    nghttp2_session_resume_data(upstream_->session(), upstream_stream_);
  }
  upstream_->MarkDirty();
}

void Call::OnRequestEnd() {
  if (phase_ == Phase::kCollecting) return Decide();
  to_runtime_.ended = true;
  if (upstream_ != nullptr && to_runtime_.deferred) {
    to_runtime_.deferred = false;
    nghttp2_session_resume_data(upstream_->session(), upstream_stream_);
    upstream_->MarkDirty();
  }
}

ssize_t Call::ReadForRuntime(std::uint8_t* buffer, std::size_t size, std::uint32_t* flags) {
  const std::size_t taken = to_runtime_.Take(buffer, size);
  if (taken > 0 && handling_ != Handling::kHold) {
    // What the runtime took, the client may send again.
    nghttp2_session_consume_stream(connection_.session(), stream_, taken);
    connection_.MarkDirty();
  }
  if (to_runtime_.empty() && to_runtime_.ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (taken == 0) {
    to_runtime_.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(taken);
}

// ---------------------------------------------------------------- to the runtime

HeaderList Call::UpstreamHeaders() const {
  HeaderList out = {
      {":method", "POST"}, {":scheme", "http"}, {":path", std::string(method_->path)}, {":authority", "localhost"}};
  for (const auto& [name, value] : request_headers_) {
    if (name.starts_with(':') || StaysHere(name)) continue;
    if (handling_ == Handling::kHold && (name == "grpc-timeout" || name == "content-length")) continue;
    out.emplace_back(name, value);
  }
  if (handling_ == Handling::kHold && timeout_) {
    out.emplace_back("grpc-timeout", FormatTimeout(*timeout_ - (std::chrono::steady_clock::now() - received_)));
  }
  return out;
}

bool Call::ConnectUpstream() {
  const HeaderList headers = UpstreamHeaders();
  // A shared connection can have run out of stream numbers: then a new one is made.
  for (int attempt = 0; attempt < 2; ++attempt) {
    upstream_ = method_->own_connection ? connection_.OwnUpstream() : connection_.SharedUpstream();
    if (upstream_ == nullptr) return false;
    upstream_stream_ = upstream_->Submit(this, headers, false);
    if (upstream_stream_ > 0) return true;
    upstream_->SetGoingAway();
  }
  upstream_ = nullptr;
  return false;
}

void Call::StartForwarding() {
  phase_ = Phase::kForwarding;
  const bool late =
      handling_ == Handling::kHold && timeout_ && std::chrono::steady_clock::now() - received_ >= *timeout_;
  if (late) return Answer(GrpcStatus{GrpcCode::kDeadlineExceeded, "the deadline passed while the call was judged"});
  if (!ConnectUpstream()) {
    Answer(GrpcStatus{GrpcCode::kUnavailable, "the container runtime cannot be reached at its socket"});
  }
}

// ---------------------------------------------------------------- the response

bool Call::AddResponseHeader(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + 32;
  if (header_bytes_ > limits::kHeaderListBytes) return false;
  (response_headers_done_ ? trailers_ : response_headers_).emplace_back(name, value);
  return true;
}

void Call::OnResponseHeaders(bool end) {
  header_bytes_ = 0;
  if (!response_headers_done_) {
    const std::string* status = Find(response_headers_, ":status");
    if (!end && status != nullptr && status->starts_with('1')) {  // interim, only for us
      response_headers_.clear();
      return;
    }
    response_headers_done_ = true;
    if (end) return OnResponseEnd();
    if (handling_ != Handling::kHold) SubmitResponse();
    return;
  }
  has_trailers_ = true;
  if (end) OnResponseEnd();
}

void Call::OnResponseData(const char* data, std::size_t size) {
  nghttp2_session* session = upstream_->session();
  const bool keep = handling_ != Handling::kPass &&
                    held_response_.size() + size <= limits::kGrpcMessageBytes + limits::kRequestFrameOverhead;
  if (keep && relay_.held().Take(held_bytes_, size)) {
    held_bytes_ += size;
    held_response_.append(data, size);
  } else if (handling_ == Handling::kHold) {
    nghttp2_session_consume_stream(session, upstream_stream_, size);
    return Answer(relay_.calls().Overloaded(*method_, HeldMessage()));
  }
  if (handling_ == Handling::kHold) {
    nghttp2_session_consume_stream(session, upstream_stream_, size);
    upstream_->MarkDirty();
    return;
  }
  to_client_.Append(data, size);
  if (to_client_.deferred) {
    to_client_.deferred = false;
    nghttp2_session_resume_data(connection_.session(), stream_);
  }
  connection_.MarkDirty();
}

void Call::OnResponseEnd() {
  if (response_ended_) return;
  response_ended_ = true;
  if (handling_ == Handling::kHold) return DecideOnResponse();
  if (!response_submitted_) SubmitResponse();
  to_client_.ended = true;
  if (to_client_.deferred) {
    to_client_.deferred = false;
    nghttp2_session_resume_data(connection_.session(), stream_);
  }
  connection_.MarkDirty();
  StartObserving();
}

// Begins the response to the client with the runtime's headers. A held response goes out whole.
void Call::SubmitResponse() {
  response_submitted_ = true;
  if (handling_ == Handling::kHold) {
    phase_ = Phase::kAnswered;
    to_client_.Append(held_response_.data(), held_response_.size());
    to_client_.ended = true;
    held_response_.clear();
    ReleaseHeld();
  }
  const std::vector<nghttp2_nv> list = ToList(response_headers_);
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = &ReadPipe;
  const bool headers_only = response_ended_ && !has_trailers_ && to_client_.empty();
  nghttp2_submit_response(connection_.session(), stream_, list.data(), list.size(), headers_only ? nullptr : &provider);
  connection_.MarkDirty();
}

ssize_t Call::ReadForClient(std::uint8_t* buffer, std::size_t size, std::uint32_t* flags) {
  const std::size_t taken = to_client_.Take(buffer, size);
  if (taken > 0 && upstream_ != nullptr && handling_ != Handling::kHold) {
    nghttp2_session_consume_stream(upstream_->session(), upstream_stream_, taken);
    upstream_->MarkDirty();
  }
  if (!to_client_.empty() || !to_client_.ended) {
    if (taken > 0) return static_cast<ssize_t>(taken);
    to_client_.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (has_trailers_ && !trailers_submitted_) {
    trailers_submitted_ = true;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::vector<nghttp2_nv> list = ToList(trailers_);
    nghttp2_submit_trailer(connection_.session(), stream_, list.data(), list.size());
  }
  return static_cast<ssize_t>(taken);
}

// A response of our own: headers alone, with the status in them (gRPC "Trailers-Only").
void Call::Answer(const GrpcStatus& status) {
  Detach(true);
  phase_ = Phase::kAnswered;
  Wipe(held_request_);  // it may hold a password
  held_response_.clear();
  ReleaseHeld();
  local_code_ = std::to_string(static_cast<int>(status.code));
  const HeaderList headers = {{":status", "200"},
                              {"content-type", "application/grpc"},
                              {"grpc-status", local_code_},
                              {"grpc-message", EncodeMessage(status.message)}};
  const std::vector<nghttp2_nv> list = ToList(headers);
  nghttp2_submit_response(connection_.session(), stream_, list.data(), list.size(), nullptr);
  connection_.MarkDirty();
}

// ---------------------------------------------------------------- ends

void Call::OnRuntimeClosed(std::uint32_t error_code) {
  upstream_ = nullptr;
  if (response_ended_ || phase_ == Phase::kAnswered) return;
  if (response_submitted_ || error_code != NGHTTP2_NO_ERROR) {
    // What the runtime resets, the client sees reset.
    const std::uint32_t code = error_code != NGHTTP2_NO_ERROR ? error_code : std::uint32_t{NGHTTP2_INTERNAL_ERROR};
    nghttp2_submit_rst_stream(connection_.session(), NGHTTP2_FLAG_NONE, stream_, code);
    connection_.MarkDirty();
    return;
  }
  Answer(GrpcStatus{GrpcCode::kUnavailable, "the container runtime ended the call without an answer"});
}

void Call::OnRuntimeLost() {
  upstream_ = nullptr;
  if (response_ended_ || phase_ == Phase::kAnswered) return;
  if (response_submitted_) {
    nghttp2_submit_rst_stream(connection_.session(), NGHTTP2_FLAG_NONE, stream_, NGHTTP2_INTERNAL_ERROR);
    connection_.MarkDirty();
    return;
  }
  if (method_->own_connection) {
    // The connection carried this call alone: its answer was too large for our HTTP/2 library, or the runtime stopped.
    return Answer(GrpcStatus{GrpcCode::kUnknown,
                             "the container runtime's answer could not be passed on: it broke off or its error text is "
                             "longer than 64 KiB; see the runtime's log"});
  }
  Answer(GrpcStatus{GrpcCode::kUnavailable, "the connection to the container runtime was lost"});
}

void Call::Detach(bool reset) {
  if (upstream_ == nullptr) return;
  Upstream* upstream = upstream_;
  upstream_ = nullptr;
  if (!upstream->over()) upstream->Drop(this, upstream_stream_, reset);
}

std::string Call::StatusCode() const {
  if (!local_code_.empty()) return local_code_;
  const std::string* status = Find(trailers_, "grpc-status");
  if (status == nullptr) status = Find(response_headers_, "grpc-status");
  return status != nullptr && status->size() <= 2 ? *status : std::string("unknown");
}

void Call::OnClientClosed() {
  const bool complete = response_ended_ || !local_code_.empty();
  Detach(!response_ended_);
  StartObserving();
  if (recorded_ || method_ == nullptr) return;
  recorded_ = true;
  relay_.Observe(method_->name(), complete ? StatusCode() : "cancelled");
}

}  // namespace pullseal::relay
