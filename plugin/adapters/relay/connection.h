// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_ADAPTERS_RELAY_CONNECTION_H_
#define PULLSEAL_ADAPTERS_RELAY_CONNECTION_H_

#include <map>
#include <memory>
#include <set>

#include "adapters/relay/call.h"
#include "adapters/relay/endpoint.h"

namespace pullseal::relay {

class Relay;

// Upstream is one connection to the runtime: shared by the plain calls of one client connection, or for one call alone.
class Upstream final : public Endpoint {
 public:
  // Null if the runtime's socket cannot be connected to now.
  static std::unique_ptr<Upstream> Connect(Relay& relay, Connection& owner, bool shared);

  // Sends a request; 0 if that is not possible. The body is read through Call::ReadForRuntime unless `no_body`.
  std::int32_t Submit(Call* call, const HeaderList& headers, bool no_body);
  // The call wants to hear no more; `stream` is reset if it is still open.
  void Drop(Call* call, std::int32_t stream, bool reset);
  bool going_away() const { return going_away_; }
  bool shared() const { return shared_; }
  void SetGoingAway() { going_away_ = true; }
  void CallEnded(Call* call);

 private:
  Upstream(Relay& relay, Connection& owner, bool shared, OwnedFd fd);
  void OnOver() override;
  void CloseWhenSent();

  Connection& owner_;
  const bool shared_;
  bool going_away_ = false;
  std::set<Call*> calls_;
};

// Connection is one client (a kubelet) with its calls.
class Connection final : public Endpoint {
 public:
  Connection(Relay& relay, std::uint64_t id, OwnedFd fd);
  ~Connection() override;

  std::uint64_t id() const { return id_; }
  Relay& relay() { return relay_; }
  Call* FindCall(std::int32_t stream);
  void AddCall(std::int32_t stream);
  void RemoveCall(std::int32_t stream);
  // The shared connection to the runtime, made anew if it is gone, or one for a single call. Null if there is none.
  Upstream* SharedUpstream();
  Upstream* OwnUpstream();
  void UpstreamOver(Upstream* upstream);
  // Asks the client to begin no more calls here (RFC 9113 section 6.8: the first of two GOAWAY frames); those it has
  // begun before it hears of that are still taken.
  void AnnounceGoAway();
  // Takes no more calls; those under way go on.
  void GoAway();
  bool Busy() const;

 private:
  void OnOver() override;

  Relay& relay_;
  const std::uint64_t id_;
  std::map<std::int32_t, std::unique_ptr<Call>> calls_;
  std::map<Upstream*, std::unique_ptr<Upstream>> upstreams_;
  Upstream* shared_ = nullptr;
};

}  // namespace pullseal::relay

#endif  // PULLSEAL_ADAPTERS_RELAY_CONNECTION_H_
