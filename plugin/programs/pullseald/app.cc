// SPDX-License-Identifier: Apache-2.0
#include "programs/pullseald/app.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "adapters/cri/calls.h"
#include "adapters/relay/relay.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/unix_listen.h"
#include "gate/gate/gate.h"
#include "gate/gate/limits.h"
#include "gate/gate/snapshot.h"
#include "gate/origin/node_origins.h"
#include "image/containerd/configuration.h"
#include "image/oci/platform.h"
#include "image/registry/access.h"
#include "image/runtime/image_link.h"
#include "image/runtime/limits.h"
#include "image/runtime/origin_store.h"
#include "image/runtime/runtime.h"
#include "image/runtime/sandbox_image.h"
#include "image/store/evidence_store.h"
#include "image/store/limits.h"
#include "node/install/limits.h"
#include "programs/pullseald/admin_commands.h"
#include "programs/pullseald/background.h"
#include "programs/pullseald/break_glass.h"
#include "programs/pullseald/created_containers.h"
#include "programs/pullseald/limits.h"
#include "programs/pullseald/notify.h"
#include "programs/pullseald/policy_source.h"
#include "programs/pullseald/reporter.h"
#include "programs/pullseald/self_test.h"
#include "reports/admin/server.h"
#include "reports/audit/audit_log.h"
#include "reports/metrics/metrics.h"
#include "reports/metrics/server.h"

namespace pullseal::daemon {
namespace {

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  return set;
}

Result<std::optional<std::map<std::string, std::string>>> NodeLabels(const config::Config& config) {
  auto labels = config.node_labels;
  if (config.node_labels_file.empty()) return labels;
  auto text = ReadFile(config.node_labels_file, limits::kLabelsFileBytes);
  if (!text) return text.error().In("node.labelsFile");
  auto parsed = config::ParseLabelsFile(*text);
  if (!parsed) return parsed.error().In("node.labelsFile " + config.node_labels_file);
  if (labels) parsed->insert(labels->begin(), labels->end());
  return std::optional(std::move(*parsed));
}

std::string NodeName(const config::Config& config) {
  if (!config.node_name.empty()) return config.node_name;
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

audit::Record LifecycleRecord(const Clock& clock, const std::string& message) {
  audit::Record record;
  record.time = clock.Now();
  record.action = "lifecycle";
  record.outcome = "allow";
  record.message = message;
  return record;
}

audit::Record PolicyRecord(const Clock& clock, const Result<gate::SnapshotPtr>& outcome) {
  audit::Record record;
  record.time = clock.Now();
  record.action = "policy";
  record.outcome = outcome ? "allow" : "deny";
  if (!outcome) {
    record.reason = judge::Slug(judge::Reason::kPolicyUnavailable);
    record.message = "policy refused: " + outcome.error().message;
    return record;
  }
  const policy::Policy& policy = (*outcome)->policy;
  record.mode = policy::Text(policy.mode);
  record.policy_name = policy.name;
  record.policy_version = policy.version;
  record.policy_sha256 = policy.sha256;
  record.message = "policy in force";
  return record;
}

// Waits for signals on a thread of its own: SIGHUP reloads, the others stop the relay and end it.
void HandleSignals(PolicySource& policy, relay::Relay& relay) {
  const sigset_t set = HandledSignals();
  int signal = 0;
  while (::sigwait(&set, &signal) == 0) {
    if (signal != SIGHUP) break;
    NotifyReloading();
    (void)policy.Reload(true);
    NotifySystemd("READY=1");
  }
  NotifySystemd("STOPPING=1");
  log::Info("stopping: no new calls, those under way may end");
  relay.Stop();
}

// The evidence store in the state folder; null if the config names none or the folder cannot be made.
std::unique_ptr<store::EvidenceStore> OpenStore(const std::string& folder, const Clock& clock) {
  if (folder.empty()) return nullptr;
  std::error_code failed;
  const std::filesystem::path path(folder);
  std::filesystem::create_directories(path.parent_path(), failed);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    log::Warn("state folder " + folder + " cannot be made; evidence is kept in memory only");
    return nullptr;
  }
  return store::OpenSqliteStore(folder + "/evidence.db", limits::kStoreBytes, clock);
}

// What seals that this node searched every place: made once in the state folder, kept by upgrades. Empty if it can be
// neither read nor made; then that is known in memory only.
std::string SealKey(const std::string& folder) {
  if (folder.empty()) return {};
  const std::string path = folder + "/seal.key";
  constexpr std::size_t kSize = 64;
  const auto known = ReadFile(path, kSize);
  if (known && known->size() == kSize) return *known;
  std::random_device random;  // the kernel's
  Bytes bytes(kSize / 2);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  const std::string made = HexEncode(bytes);
  const Status written = WriteFile(path, made, 0600);
  if (written) return made;
  log::Warn("seal: " + written.error().message + "; that attestations were searched for is kept in memory only");
  return {};
}

// The parts, in the order they are made; they go in the opposite order, after the relay has drained.
class App {
 public:
  explicit App(const config::Config& config)
      : config_(config),
        registry_(
            config.registries, clock_,
            [this](const http::HttpRequest& request, long status, std::chrono::milliseconds) {
              metrics_.Add("pullseal_registry_requests_total",
                           {{"operation", request.operation}, {"code", std::to_string(status)}});
            },
            [this](const std::string& text) {
              log::Warn(text);
              metrics_.Add("pullseal_registry_configuration_errors_total", {});
            }),
        runtime_(runtime::ConnectRuntime(config.runtime_socket, config.runtime_namespace)),
        linker_(*runtime_, oci::NodePlatform()),
        origin_store_(runtime::ConnectOriginStore(config.runtime_socket, config.runtime_namespace)),
        origins_(*origin_store_, *runtime_, registry_.client(), clock_,
                 [this](SteadyTime deadline) { return NamePause(deadline); }),
        store_(OpenStore(config.state, clock_)),
        gate_(registry_.client(), clock_, oci::NodePlatform(),
              gate::Options{config.allow_ttl, config.deny_ttl, config.evidence_max_age, SealKey(config.state)},
              store_.get(), &origins_),
        created_(config.state, clock_),
        break_glass_(config.state, clock_) {}

  Status Serve() {
    if (const Status http = registry::CheckHttp(); !http) return http.error();
    auto labels = NodeLabels(config_);
    if (!labels) return labels.error();
    auto audit = audit::AuditLog::Open(audit::Options{config_.audit_file, NodeName(config_), config_.audit_max_bytes,
                                                      static_cast<int>(config_.audit_keep)},
                                       clock_);
    if (!audit) return audit.error();
    Reports reports(**audit, metrics_, clock_, ReportOptions{config_.rule_labels, config_.audit_allow_unrecorded});
    const Background sync(limits::kAuditSyncRound, [&](const std::atomic<bool>&) {
      (*audit)->Sync();
      metrics_.Set("pullseal_audit_on_reserve", {}, (*audit)->OnReserve() ? 1 : 0);
    });
    PolicySource policy(
        config_.policy, *labels, metrics_, clock_,
        [&](const Result<gate::SnapshotPtr>& outcome) { (void)(*audit)->Append(PolicyRecord(clock_, outcome)); },
        &break_glass_);
    (void)policy.Reload();
    const Background follow(limits::kPolicyRound, [&](const std::atomic<bool>&) {
      policy.Follow();
      FollowBreakGlass(**audit);
    });
    metrics_.Set("pullseal_build_info", {{"version", PULLSEAL_VERSION}}, 1);
    std::unique_ptr<metrics::Server> server;
    if (!config_.listen_metrics.empty()) {
      auto started = metrics::Server::Start(config_.listen_metrics, [this] { return metrics_.Text(); });
      if (!started) return started.error();
      server = std::move(*started);
    }
    const auto services = std::make_shared<const admission::Services>(admission::Services{
        .gate = gate_,
        .runtime = *runtime_,
        .linker = linker_,
        .reporter = reports,
        .claims = claims_,
        .snapshot = [&policy] { return policy.Get(); },
        .created = [this](const std::string& id) { created_.Add(id); },
        .settings = {config_.sandbox_image, containerd_, config_.deny_unknown_fields, config_.deny_checkpoint},
        .origins = &origins_});
    const auto calls = cri::MakeJudgedCalls(services);
    const Background errands(limits::kErrandRound, [this, &policy](const std::atomic<bool>& stopping) {
      if (const auto snapshot = policy.Get(); snapshot != nullptr) (void)gate_.Gather(*snapshot, stopping);
    });
    const Background refresh(limits::kRefreshRound, [this, round = 0](const std::atomic<bool>& stopping) mutable {
      if (created_.IsFull()) PruneCreated();
      if (++round % limits::kNoteSweepRounds == 0) SweepNotes(stopping);
    });
    AdminCommands commands(AdminParts{.config = config_,
                                      .gate = gate_,
                                      .policy = policy,
                                      .reports = reports,
                                      .audit = **audit,
                                      .clock = clock_,
                                      .metrics = metrics_,
                                      .services = services,
                                      .created = created_,
                                      .break_glass = break_glass_,
                                      .origins = origins_});
    std::unique_ptr<admin::Server> admin;
    if (!config_.listen_admin.empty()) {
      OwnedFd socket = InheritedSocket("admin");
      if (!socket.valid()) {
        auto made = Listen(config_.listen_admin);
        if (!made) return made.error();
        socket = std::move(*made);
      }
      admin = std::make_unique<admin::Server>(
          std::move(socket),
          [&commands](const json::Value& request, const admin::Server::Send& send, const std::atomic<bool>& stopping) {
            commands.Answer(request, send, stopping);
          });
    }
    OwnedFd listener = InheritedSocket("cri");
    const bool inherited = listener.valid();
    if (!inherited) {
      auto made = Listen(config_.listen_cri);
      if (!made) return made.error();
      listener = std::move(*made);
    }
    (void)(*audit)->Append(LifecycleRecord(clock_, "pullseald " PULLSEAL_VERSION " started"));
    {
      relay::Relay relay(
          std::move(listener),
          relay::RelayOptions{config_.runtime_socket, config_.workers, config_.queue, config_.decision_timeout}, *calls,
          [this](std::string_view method, std::string_view code) {
            metrics_.Add("pullseal_forwarded_calls_total",
                         {{"method", std::string(method)}, {"code", std::string(code)}});
          });
      std::thread signals([&] { HandleSignals(policy, relay); });
      log::Info("serving CRI on " + (inherited ? std::string("the socket systemd passed") : config_.listen_cri) +
                " in front of " + config_.runtime_socket);
      const Background self_test(SelfTestRound(),
                                 [&](const std::atomic<bool>& stopping) { TestSelf(relay, stopping); });
      NotifySystemd("READY=1");
      relay.Run();
      signals.join();
    }
    if (!inherited) ::unlink(config_.listen_cri.c_str());
    (void)(*audit)->Append(LifecycleRecord(clock_, "pullseald stopped"));
    log::Info("stopped");
    return {};
  }

 private:
  // Says once that break-glass has ended by itself.
  void FollowBreakGlass(audit::AuditLog& audit) {
    const auto open = break_glass_.Active();
    metrics_.Set("pullseal_break_glass_until_timestamp_seconds", {},
                 open ? std::chrono::duration<double>(open->until.time_since_epoch()).count() : 0);
    const bool ended = was_open_ && !open;
    was_open_ = open.has_value();
    if (!ended) return;
    (void)break_glass_.Close();
    log::Warn("break-glass is over: the policy is in force again");
    (void)audit.Append(LifecycleRecord(clock_, "break-glass is over: the policy is in force again"));
  }

  Result<std::string> NamePause(SteadyTime deadline) {
    if (!config_.sandbox_image.empty()) return config_.sandbox_image;
    return runtime::FindSandboxImage(*runtime_, *containerd_, deadline);
  }

  // Notes of content that containerd collected; what cannot be looked at now is looked at the next time.
  void SweepNotes(const std::atomic<bool>& stopping) {
    const auto removed = origins_.Sweep(stopping);
    if (!removed) log::Warn("the notes of where images came from: " + removed.error().message);
  }

  void PruneCreated() {
    const auto running = runtime_->ListRunning(clock_.Steady() + limits::kRuntimeCallTime);
    if (!running) return;
    std::set<std::string> ids;
    for (const runtime::RunningContainer& one : *running) ids.insert(one.id);
    created_.KeepOnly(ids);
  }

  static std::chrono::milliseconds SelfTestRound() {
    const auto watchdog = WatchdogTime();
    if (!watchdog) return limits::kSelfTestRound;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*watchdog / 3);
  }

  // systemd hears of us only when a question went all the way to the judge and came back right.
  void TestSelf(relay::Relay& relay, const std::atomic<bool>& stopping) {
    const std::string wrong = RunSelfTest(relay, clock_, 2 * SelfTestRound(), stopping);
    metrics_.Set("pullseal_self_test_good", {}, wrong.empty() ? 1 : 0);
    if (wrong.empty()) return NotifySystemd("WATCHDOG=1");
    log::Failure("self-test: " + wrong);
  }

  const config::Config& config_;
  const std::shared_ptr<containerd::Configuration> containerd_ =
      std::make_shared<containerd::Configuration>(config_.runtime_config, config_.registries.containerd_note);
  SystemClock clock_;
  metrics::Metrics metrics_;
  registry::Access registry_;
  std::unique_ptr<runtime::Runtime> runtime_;
  runtime::Linker linker_;
  std::unique_ptr<runtime::OriginStore> origin_store_;
  origin::NodeOrigins origins_;
  std::unique_ptr<store::EvidenceStore> store_;
  gate::Gate gate_;
  admission::Claims claims_;
  CreatedContainers created_;
  BreakGlass break_glass_;
  bool was_open_ = false;  // of the thread that follows the policy
};

}  // namespace

int Run(const config::Config& config) {
  log::SetLevel(config.log_level);
  // Workers mostly wait for others: a heap of their own for each would be memory lying about.
  ::mallopt(M_ARENA_MAX, 2);
  // What a large call took goes back to the system with it; the C library would raise the threshold by what it frees.
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
  const sigset_t handled = HandledSignals();
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  App app(config);
  const Status served = app.Serve();
  if (served) return 0;
  log::Failure("cannot serve: " + served.error().message);
  return 1;
}

}  // namespace pullseal::daemon
