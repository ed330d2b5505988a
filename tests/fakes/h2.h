// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FAKES_H2_H_
#define PULLSEAL_FAKES_H2_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/mutex.h"

// A runtime and a client that speak raw HTTP/2, so that they can misbehave.
namespace pullseal::fakes {

using H2Headers = std::vector<std::pair<std::string, std::string>>;

// H2Request is what the fake runtime received.
struct H2Request {
  std::string path;
  std::multimap<std::string, std::string> headers;
  std::string body;
};

// H2Script is what the fake runtime does with a request.
struct H2Script {
  H2Headers headers = {{":status", "200"}, {"content-type", "application/grpc"}};
  std::string body;
  H2Headers trailers = {{"grpc-status", "0"}};
  bool trailers_only = false;  // the headers end the stream
  bool never = false;          // no answer
  int reset = -1;              // RST_STREAM with this code instead
  bool go_away = false;        // GOAWAY after the answer
  bool close = false;          // closes the connection instead
};

// FakeH2Runtime listens on a unix socket. Each connection has a thread. Thread-safe.
class FakeH2Runtime {
 public:
  using Handler = std::function<H2Script(const H2Request&)>;
  FakeH2Runtime(const std::string& socket, Handler handler);
  ~FakeH2Runtime();

  std::vector<H2Request> Requests() const;
  int resets() const { return resets_; }  // RST_STREAM frames received
  int connections() const { return connections_; }
  std::size_t body_bytes_sent() const { return body_bytes_sent_; }

 private:
  struct Peer;
  void Accept();
  void Serve(int fd);

  OwnedFd listener_;
  Handler handler_;
  std::atomic<bool> stop_{false};
  std::atomic<int> resets_{0};
  std::atomic<int> connections_{0};
  std::atomic<std::size_t> body_bytes_sent_{0};
  mutable Mutex mutex_;
  std::vector<H2Request> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// H2Answer is what a client got for one request.
struct H2Answer {
  std::multimap<std::string, std::string> headers;  // of the response and its trailers
  std::string body;
  bool closed = false;
  std::uint32_t error_code = 0;  // of a RST_STREAM, 0 for a normal end

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found != headers.end() ? found->second : "";
  }
  std::string grpc_status() const { return Header("grpc-status"); }
  std::string grpc_message() const { return Header("grpc-message"); }
};

// H2Client is one connection. One thread.
class H2Client {
 public:
  explicit H2Client(const std::string& socket);
  ~H2Client();
  // Starts a call; the body is sent as it is, with END_STREAM unless `open`.
  int Submit(const std::string& path, const std::string& body, const H2Headers& more = {}, bool open = false);
  void Reset(int stream);
  // Reads and writes until `done` or the time is over.
  bool Pump(const std::function<bool()>& done, std::chrono::milliseconds most = std::chrono::seconds(60));
  // Stops taking what the peer sends, so that its flow-control windows close.
  void StopReading() { reading_ = false; }
  // Lets the peer send 64 MiB ahead, on each call begun from now on and on all together.
  void OpenWindows();
  H2Answer& answer(int stream) { return answers_[stream]; }
  bool connected() const { return connected_; }
  // Submit, and Pump until the answer is there.
  H2Answer Call(const std::string& path, const std::string& body, const H2Headers& more = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::map<int, H2Answer> answers_;
  struct Body {
    std::string bytes;
    std::size_t sent;
    bool stays_open;
  };
  std::map<int, Body> bodies_;
  bool reading_ = true;
  bool connected_ = true;
};

// A length-prefixed gRPC message.
std::string GrpcFrame(const std::string& message, bool compressed = false);

}  // namespace pullseal::fakes

#endif  // PULLSEAL_FAKES_H2_H_
