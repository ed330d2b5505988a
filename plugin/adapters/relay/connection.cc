// SPDX-License-Identifier: Apache-2.0
#include "adapters/relay/connection.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "adapters/relay/limits.h"
#include "adapters/relay/relay.h"

namespace pullseal::relay {
namespace {

std::string_view View(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

Call* CallOf(nghttp2_session* session, std::int32_t stream) {
  return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream));
}

struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};

std::unique_ptr<nghttp2_option, OptionDeleter> Options() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return nullptr;
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_send_header_block_length(option, 4 * limits::kHeaderListBytes);
  nghttp2_option_set_max_continuations(option, limits::kContinuations);
  nghttp2_option_set_stream_reset_rate_limit(option, limits::kResetBurst, limits::kResetRate);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(option);
}

// --- the client's session ---

int OnClientBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    static_cast<Connection*>(user)->AddCall(frame->hd.stream_id);
  }
  return 0;
}

int OnClientHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                   std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t, void*) {
  Call* call = CallOf(session, frame->hd.stream_id);
  const bool fits = call == nullptr || call->AddRequestHeader(View(name, name_size), View(value, value_size));
  return fits ? 0 : int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
}

int OnClientFrame(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  Call* call = frame->hd.stream_id != 0 ? CallOf(session, frame->hd.stream_id) : nullptr;
  if (call == nullptr) return 0;
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    call->OnRequestHeaders(end);
  } else if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) && end) {
    call->OnRequestEnd();
  }
  return 0;
}

int OnClientData(nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                 std::size_t size, void*) {
  nghttp2_session_consume_connection(session, size);
  Call* call = CallOf(session, stream);
  if (call != nullptr) {
    call->OnRequestData(reinterpret_cast<const char*>(data), size);
  } else {
    nghttp2_session_consume_stream(session, stream, size);
  }
  return 0;
}

int OnClientStreamClose(nghttp2_session* session, std::int32_t stream, std::uint32_t, void* user) {
  if (Call* call = CallOf(session, stream); call != nullptr) {
    call->OnClientClosed();
    static_cast<Connection*>(user)->RemoveCall(stream);
  }
  return 0;
}

// A response may end before the request did (a refusal, an unknown method): then the rest of the request is not wanted.
int OnClientFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  const bool end = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                   (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (end && nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
  }
  return 0;
}

nghttp2_session* NewClientSession(Connection* connection) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(made);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, &OnClientBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(made, &OnClientHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, &OnClientFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &OnClientData);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, &OnClientStreamClose);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, &OnClientFrameSent);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, made, connection, Options().get());
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits::kStreamsPerConnection},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits::kStreamWindow)}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 16 * limits::kStreamWindow);
  return session;
}

// --- the runtime's session ---

int OnRuntimeHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t, void*) {
  Call* call = CallOf(session, frame->hd.stream_id);
  const bool fits = call == nullptr || call->AddResponseHeader(View(name, name_size), View(value, value_size));
  return fits ? 0 : int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
}

int OnRuntimeFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Upstream*>(user)->SetGoingAway();
  Call* call = frame->hd.stream_id != 0 ? CallOf(session, frame->hd.stream_id) : nullptr;
  if (call == nullptr) return 0;
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame->hd.type == NGHTTP2_HEADERS) {
    call->OnResponseHeaders(end);
  } else if (frame->hd.type == NGHTTP2_DATA && end) {
    call->OnResponseEnd();
  }
  return 0;
}

int OnRuntimeData(nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                  std::size_t size, void*) {
  nghttp2_session_consume_connection(session, size);
  Call* call = CallOf(session, stream);
  if (call != nullptr) {
    call->OnResponseData(reinterpret_cast<const char*>(data), size);
  } else {
    nghttp2_session_consume_stream(session, stream, size);
  }
  return 0;
}

int OnRuntimeStreamClose(nghttp2_session* session, std::int32_t stream, std::uint32_t error_code, void* user) {
  if (Call* call = CallOf(session, stream); call != nullptr) {
    static_cast<Upstream*>(user)->CallEnded(call);
    call->OnRuntimeClosed(error_code);
  }
  return 0;
}

ssize_t ReadForRuntime(nghttp2_session* session, std::int32_t stream, std::uint8_t* buffer, std::size_t size,
                       std::uint32_t* flags, nghttp2_data_source*, void*) {
  Call* call = CallOf(session, stream);
  return call != nullptr ? call->ReadForRuntime(buffer, size, flags) : ssize_t{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
}

nghttp2_session* NewRuntimeSession(Upstream* upstream) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(made);
  nghttp2_session_callbacks_set_on_header_callback(made, &OnRuntimeHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, &OnRuntimeFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &OnRuntimeData);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, &OnRuntimeStreamClose);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new2(&session, made, upstream, Options().get());
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits::kStreamWindow)}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 16 * limits::kStreamWindow);
  return session;
}

}  // namespace

// ---------------------------------------------------------------- Upstream

Upstream::Upstream(Relay& relay, Connection& owner, bool shared, OwnedFd fd)
    : Endpoint(relay.loop(), std::move(fd)), owner_(owner), shared_(shared) {
  SetSession(NewRuntimeSession(this));
}

std::unique_ptr<Upstream> Upstream::Connect(Relay& relay, Connection& owner, bool shared) {
  const std::string& path = relay.options().runtime_socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return nullptr;
  std::memcpy(address.sun_path, path.data(), path.size());
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return nullptr;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return nullptr;
  return std::unique_ptr<Upstream>(new Upstream(relay, owner, shared, std::move(fd)));
}

std::int32_t Upstream::Submit(Call* call, const HeaderList& headers, bool no_body) {
  std::vector<nghttp2_nv> list;
  list.reserve(headers.size());
  for (const auto& [name, value] : headers) {
    list.push_back(nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                              reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                              value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_data_provider provider{};
  provider.read_callback = &ReadForRuntime;
  const std::int32_t stream =
      nghttp2_submit_request(session(), nullptr, list.data(), list.size(), no_body ? nullptr : &provider, call);
  if (stream <= 0) return 0;
  calls_.insert(call);
  MarkDirty();
  return stream;
}

void Upstream::CallEnded(Call* call) {
  calls_.erase(call);
  if (!shared_) CloseWhenSent();
}

void Upstream::Drop(Call* call, std::int32_t stream, bool reset) {
  calls_.erase(call);
  nghttp2_session_set_stream_user_data(session(), stream, nullptr);
  if (reset) nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  if (!shared_) CloseWhenSent();
  MarkDirty();
}

// The connection's only call is over: it ends once what is queued, a reset above all, is sent.
void Upstream::CloseWhenSent() {
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  MarkDirty();
}

void Upstream::OnOver() {
  for (Call* call : std::exchange(calls_, {})) call->OnRuntimeLost();
  owner_.UpstreamOver(this);
}

// ---------------------------------------------------------------- Connection

Connection::Connection(Relay& relay, std::uint64_t id, OwnedFd fd)
    : Endpoint(relay.loop(), std::move(fd)), relay_(relay), id_(id) {
  SetSession(NewClientSession(this));
  MarkDirty();
}

Connection::~Connection() = default;

Call* Connection::FindCall(std::int32_t stream) {
  const auto found = calls_.find(stream);
  return found != calls_.end() ? found->second.get() : nullptr;
}

void Connection::AddCall(std::int32_t stream) {
  auto call = std::make_unique<Call>(relay_, *this, stream);
  nghttp2_session_set_stream_user_data(session(), stream, call.get());
  calls_[stream] = std::move(call);
}

void Connection::RemoveCall(std::int32_t stream) { calls_.erase(stream); }

Upstream* Connection::SharedUpstream() {
  if (shared_ != nullptr && !shared_->going_away() && !shared_->over()) return shared_;
  auto made = Upstream::Connect(relay_, *this, true);
  shared_ = made.get();
  if (made) upstreams_[shared_] = std::move(made);
  return shared_;
}

Upstream* Connection::OwnUpstream() {
  auto made = Upstream::Connect(relay_, *this, false);
  Upstream* upstream = made.get();
  if (made) upstreams_[upstream] = std::move(made);
  return upstream;
}

void Connection::UpstreamOver(Upstream* upstream) {
  if (shared_ == upstream) shared_ = nullptr;
  const auto found = upstreams_.find(upstream);
  if (found == upstreams_.end()) return;
  relay_.loop().Bury(std::move(found->second));
  upstreams_.erase(found);
}

void Connection::AnnounceGoAway() {
  nghttp2_submit_shutdown_notice(session());
  MarkDirty();
}

void Connection::GoAway() {
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  MarkDirty();
}

bool Connection::Busy() const {
  for (const auto& [stream, call] : calls_) {
    if (!call->streaming()) return true;
  }
  return false;
}

void Connection::OnOver() {
  for (auto& [stream, call] : calls_) call->OnClientClosed();
  calls_.clear();
  // What is still going to the runtime is cancelled by closing its connection.
  auto upstreams = std::exchange(upstreams_, {});
  for (auto& [upstream, owned] : upstreams) {
    upstream->End();
    relay_.loop().Bury(std::move(owned));
  }
  shared_ = nullptr;
  relay_.Forget(this);
}

}  // namespace pullseal::relay
