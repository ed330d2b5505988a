// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_CALL_H_
#define PULLSEAL_ADAPTERS_RELAY_CALL_H_

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/relay/judged_call.h"
#include "adapters/relay/worker_pool.h"
#include "core/base/clock.h"

namespace pullseal::relay {

class Connection;
class Relay;
class Upstream;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// Pipe is one direction of a call's bytes on their way through. Flow control bounds it.
class Pipe {
 public:
  void Append(const char* data, std::size_t size) { bytes_.append(data, size); }
  std::size_t Take(std::uint8_t* out, std::size_t most);
  bool empty() const { return offset_ == bytes_.size(); }

  bool ended = false;     // nothing will be appended any more
  bool deferred = false;  // the sending session waits for more

 private:
  std::string bytes_;
  std::size_t offset_ = 0;
};

// Call is one RPC: a stream from the client and, once it may go on, one to the runtime. Owned by its connection; lives
// until the client's stream is closed. Relay's thread only.
class Call {
 public:
  Call(Relay& relay, Connection& connection, std::int32_t stream);
  ~Call();

  std::uint64_t generation() const { return generation_; }
  bool streaming() const { return method_ != nullptr && method_->streaming; }

  // --- from the client's session ---
  bool AddRequestHeader(std::string_view name, std::string_view value);
  void OnRequestHeaders(bool end);
  void OnRequestData(const char* data, std::size_t size);
  void OnRequestEnd();
  void OnClientClosed();
  ssize_t ReadForClient(std::uint8_t* buffer, std::size_t size, std::uint32_t* flags);

  // --- from the runtime's session ---
  bool AddResponseHeader(std::string_view name, std::string_view value);
  void OnResponseHeaders(bool end);
  void OnResponseData(const char* data, std::size_t size);
  void OnResponseEnd();
  void OnRuntimeClosed(std::uint32_t error_code);  // the stream was reset or ended
  void OnRuntimeLost();                            // the connection ended
  ssize_t ReadForRuntime(std::uint8_t* buffer, std::size_t size, std::uint32_t* flags);

  // --- from the workers, through Relay::Post ---
  void OnRuling(Ruling ruling);
  void OnResponseRuling(std::optional<GrpcStatus> answer);

 private:
  enum class Phase {
    kHeaders,             // the request's headers are on their way
    kCollecting,          // held: the request's message is on its way
    kDeciding,            // held: a worker decides
    kForwarding,          // to the runtime and back
    kDecidingOnResponse,  // held: the response is complete, a worker decides about it
    kAnswered,            // the response, ours or the runtime's, is going out
  };

  void StartForwarding();
  bool ConnectUpstream();
  HeaderList UpstreamHeaders() const;
  void Decide();
  void DecideOnResponse();
  void StartObserving();
  void Answer(const GrpcStatus& status);
  void SubmitResponse();
  void ReleaseHeld();
  void Detach(bool reset);
  void RecordEnd();
  std::string StatusCode() const;
  SteadyTime Deadline() const;
  // As much of the request's message as is held, without its length.
  std::string_view HeldMessage() const;
  GrpcStatus TooLarge();
  template <typename Step>
  void RunOnWorker(Step step, Turn turn);

  Relay& relay_;
  Connection& connection_;
  const std::int32_t stream_;
  const std::uint64_t generation_;
  const SteadyTime received_;
  const Method* method_ = nullptr;
  Phase phase_ = Phase::kHeaders;
  Handling handling_ = Handling::kPass;

  HeaderList request_headers_;
  std::size_t header_bytes_ = 0;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::string held_request_;  // the body as it came, while held or observed
  Pipe to_runtime_;

  Upstream* upstream_ = nullptr;
  std::int32_t upstream_stream_ = 0;
  HeaderList response_headers_;
  HeaderList trailers_;
  bool response_headers_done_ = false;
  bool response_ended_ = false;
  bool response_submitted_ = false;
  bool trailers_submitted_ = false;
  bool has_trailers_ = false;
  std::string held_response_;
  Pipe to_client_;

  std::size_t held_bytes_ = 0;
  bool recorded_ = false;
  std::string local_code_;  // of an answer of our own
  std::shared_ptr<JudgedCall> judged_;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_CALL_H_
