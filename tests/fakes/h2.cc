// SPDX-License-Identifier: Apache-2.0
#include "fakes/h2.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "core/base/mutex.h"

namespace pullseal::fakes {
namespace {

sockaddr_un Address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.data(), std::min(path.size(), sizeof out.sun_path - 1));
  return out;
}

std::vector<nghttp2_nv> List(const H2Headers& headers) {
  std::vector<nghttp2_nv> out;
  for (const auto& [name, value] : headers) {
    out.push_back(nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                             reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                             value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return out;
}

std::string Text(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

nghttp2_option* Generous() {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_max_send_header_block_length(option, 16 << 20);
  nghttp2_option_set_stream_reset_rate_limit(option, 1'000'000, 1'000'000);
  return option;
}

// Sends what the session has; false once the connection is over.
bool Flush(nghttp2_session* session, int fd) {
  while (true) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session, &data);
    if (size <= 0) return size == 0;
    ssize_t done = 0;
    while (done < size) {
      const ssize_t sent = ::send(fd, data + done, static_cast<std::size_t>(size - done), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += sent;
    }
  }
}

}  // namespace

std::string GrpcFrame(const std::string& message, bool compressed) {
  std::string out(5, '\0');
  out[0] = compressed ? 1 : 0;
  for (std::size_t i = 0; i < 4; ++i) out[4 - i] = static_cast<char>((message.size() >> (8 * i)) & 0xFF);
  return out + message;
}

// ---------------------------------------------------------------- the runtime

struct FakeH2Runtime::Peer {
  struct Stream {
    H2Request request;
    H2Script script;
    std::size_t sent = 0;
  };
  FakeH2Runtime& owner;
  std::map<std::int32_t, Stream> streams;
  bool close = false;
  bool go_away = false;

  void Answer(nghttp2_session* session, std::int32_t id) {
    Stream& stream = streams[id];
    {
      const MutexLock lock(owner.mutex_);
      owner.requests_.push_back(stream.request);
    }
    stream.script = owner.handler_(stream.request);
    H2Script& script = stream.script;
    if (script.close) close = true;
    if (script.go_away) go_away = true;
    if (script.never || script.close) return;
    if (script.reset >= 0) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, static_cast<std::uint32_t>(script.reset));
      return;
    }
    const auto headers = List(script.headers);
    nghttp2_data_provider provider{};
    provider.read_callback = [](nghttp2_session* s, std::int32_t stream_id, std::uint8_t* buffer, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source*, void* user) -> ssize_t {
      auto& peer = *static_cast<Peer*>(user);
      Stream& one = peer.streams[stream_id];
      const std::size_t part = std::min(size, one.script.body.size() - one.sent);
      std::memcpy(buffer, one.script.body.data() + one.sent, part);
      one.sent += part;
      peer.owner.body_bytes_sent_ += part;
      if (one.sent == one.script.body.size()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto trailers = List(one.script.trailers);
        nghttp2_submit_trailer(s, stream_id, trailers.data(), trailers.size());
      }
      return static_cast<ssize_t>(part);
    };
    nghttp2_submit_response(session, id, headers.data(), headers.size(), script.trailers_only ? nullptr : &provider);
  }
};

FakeH2Runtime::FakeH2Runtime(const std::string& socket, Handler handler) : handler_(std::move(handler)) {
  ::unlink(socket.c_str());
  listener_ = OwnedFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = Address(socket);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 128) != 0) {
    throw std::runtime_error("fake runtime cannot listen");
  }
  acceptor_ = std::thread([this] { Accept(); });
}

FakeH2Runtime::~FakeH2Runtime() {
  stop_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void FakeH2Runtime::Accept() {
  while (!stop_) {
    pollfd one{listener_.get(), POLLIN, 0};
    if (::poll(&one, 1, 20) <= 0) continue;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeH2Runtime::Serve(int fd) {
  const OwnedFd owned(fd);
  Peer peer{*this, {}, false, false};
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
        H2Request& request = static_cast<Peer*>(user)->streams[frame->hd.stream_id].request;
        if (Text(name, name_size) == ":path") request.path = Text(value, value_size);
        request.headers.emplace(Text(name, name_size), Text(value, value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks,
      [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
        static_cast<Peer*>(user)->streams[stream].request.body += Text(data, size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        auto& one = *static_cast<Peer*>(user);
        if (frame->hd.type == NGHTTP2_RST_STREAM) ++one.owner.resets_;
        const bool message = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
        if (message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) one.Answer(session, frame->hd.stream_id);
        return 0;
      });
  nghttp2_session* session = nullptr;
  nghttp2_option* option = Generous();
  nghttp2_session_server_new2(&session, callbacks, &peer, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 1);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 32 << 20);
  bool alive = Flush(session, fd);
  while (alive && !stop_ && !peer.close) {
    pollfd one{fd, POLLIN, 0};
    if (::poll(&one, 1, 20) > 0) {
      std::uint8_t chunk[16384];
      const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
      if (got <= 0 || nghttp2_session_mem_recv(session, chunk, static_cast<std::size_t>(got)) < 0) break;
    }
    if (std::exchange(peer.go_away, false)) {
      nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session),
                            NGHTTP2_NO_ERROR, nullptr, 0);
    }
    alive = Flush(session, fd);
  }
  nghttp2_session_del(session);
}

std::vector<H2Request> FakeH2Runtime::Requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

// ---------------------------------------------------------------- the client

struct H2Client::Impl {
  H2Client& owner;
  OwnedFd fd;
  nghttp2_session* session = nullptr;
};

H2Client::H2Client(const std::string& socket) : impl_(std::make_unique<Impl>(Impl{*this, OwnedFd(), nullptr})) {
  impl_->fd = OwnedFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = Address(socket);
  if (::connect(impl_->fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + socket);
  }
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
        static_cast<Impl*>(user)->owner.answers_[frame->hd.stream_id].headers.emplace(Text(name, name_size),
                                                                                      Text(value, value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks,
      [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size, void* user) {
        static_cast<Impl*>(user)->owner.answers_[stream].body += Text(data, size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t stream, std::uint32_t error_code, void* user) {
        H2Answer& answer = static_cast<Impl*>(user)->owner.answers_[stream];
        answer.closed = true;
        answer.error_code = error_code;
        return 0;
      });
  nghttp2_option* option = Generous();
  nghttp2_option_set_max_continuations(option, 1000);
  nghttp2_session_client_new2(&impl_->session, callbacks, impl_.get(), option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(impl_->session, NGHTTP2_FLAG_NONE, nullptr, 0);
}

H2Client::~H2Client() { nghttp2_session_del(impl_->session); }

int H2Client::Submit(const std::string& path, const std::string& body, const H2Headers& more, bool open) {
  H2Headers headers = {{":method", "POST"},
                       {":scheme", "http"},
                       {":path", path},
                       {":authority", "localhost"},
                       {"content-type", "application/grpc"},
                       {"te", "trailers"}};
  for (const auto& one : more) {
    const auto same = std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == one.first; });
    if (same != headers.end()) {
      same->second = one.second;
    } else {
      headers.push_back(one);
    }
  }
  const auto list = List(headers);
  nghttp2_data_provider provider{};
  provider.read_callback = [](nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source*, void* user) -> ssize_t {
    auto& [whole, sent, stays_open] = static_cast<Impl*>(user)->owner.bodies_[stream];
    const std::size_t part = std::min(size, whole.size() - sent);
    std::memcpy(buffer, whole.data() + sent, part);
    sent += part;
    if (sent < whole.size()) return static_cast<ssize_t>(part);
    if (!stays_open) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stays_open && part == 0) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(part);
  };
  const int stream = nghttp2_submit_request(impl_->session, nullptr, list.data(), list.size(), &provider, nullptr);
  bodies_[stream] = Body{body, 0, open};
  return stream;
}

void H2Client::OpenWindows() {
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 64 << 20}};
  nghttp2_submit_settings(impl_->session, NGHTTP2_FLAG_NONE, settings, 1);
  nghttp2_session_set_local_window_size(impl_->session, NGHTTP2_FLAG_NONE, 0, 64 << 20);
}

void H2Client::Reset(int stream) {
  nghttp2_submit_rst_stream(impl_->session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

bool H2Client::Pump(const std::function<bool()>& done, std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  connected_ = connected_ && Flush(impl_->session, impl_->fd.get());
  while (!done()) {
    if (!connected_ || std::chrono::steady_clock::now() > end) return done();
    pollfd one{impl_->fd.get(), POLLIN, 0};
    if (!reading_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    } else if (::poll(&one, 1, 10) > 0) {
      std::uint8_t chunk[65536];
      const ssize_t got = ::recv(impl_->fd.get(), chunk, sizeof chunk, 0);
      connected_ = got > 0 && nghttp2_session_mem_recv(impl_->session, chunk, static_cast<std::size_t>(got)) >= 0;
    }
    connected_ = connected_ && Flush(impl_->session, impl_->fd.get());
  }
  return true;
}

H2Answer H2Client::Call(const std::string& path, const std::string& body, const H2Headers& more) {
  const int stream = Submit(path, body, more);
  Pump([&] { return answers_[stream].closed; });
  return answers_[stream];
}

}  // namespace pullseal::fakes
