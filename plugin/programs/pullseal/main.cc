// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/start.h"
#include "programs/pullseal/audit_commands.h"
#include "programs/pullseal/key_commands.h"
#include "programs/pullseal/live_commands.h"
#include "programs/pullseal/manual.h"
#include "programs/pullseal/node_commands.h"
#include "programs/pullseal/policy_commands.h"
#include "programs/pullseal/trust_commands.h"
#include "programs/pullseal/trust_renewal.h"
#include "programs/pullseal/verify.h"
#include "programs/pullseal/verify_bundle.h"

namespace {

constexpr int kUsage = 64;  // sysexits(3) EX_USAGE

using pullseal::cli::LiveOptions;

// The command line: each subcommand puts its exit status into `status_`. Options live as long as the object.
class CommandLine {
 public:
  // `first` is the first argument: the two that are run for every image by those who script them do not set up what
  // they do not need.
  explicit CommandLine(std::string_view first) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "pullseal " PULLSEAL_VERSION);
    if (first != "verify-bundle") AddVerify();
    if (first == "verify") return;
    AddVerifyBundle();
    if (first == "verify-bundle") return;
    AddPolicy();
    AddTrust();
    AddKey();
    AddLive();
    AddAudit();
    AddRunning();
    AddNode();
    AddTexts();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : kUsage;
    }
    return status_;
  }

 private:
  void AddOutput(CLI::App* command) {
    command->add_option("-o,--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
  }
  bool Json() const { return output_ == "json"; }

  void AddVerify() {
    CLI::App* command = app_.add_subcommand("verify", "judge an image as the node would, and explain the answer");
    command->add_option("image", verify_.image, "image name")->required();
    verify_.policy = "/etc/pullseal/policy.yaml";
    command->add_option("--policy", verify_.policy, "policy file")->capture_default_str();
    command->add_option("--namespace", verify_.pod_namespace, "the pod's namespace");
    command->add_option("--node-label", verify_.node_labels, "key=value, can be given again");
    command->add_option("--config", verify_.config,
                        "the daemon's configuration, for how this node reaches registries "
                        "(default: /etc/pullseal/config.yaml if it is there)");
    command->add_option("--plain-http", verify_.plain_http, "registry host spoken to by http, can be given again");
    command->add_option("--ca-file", verify_.ca_file, "CA certificates for registries, PEM");
    command->add_option("--username", verify_.username, "registry user");
    command->add_option("--password-file", verify_.password_file, "file with the registry password");
    command->add_flag("-v,--verbose", verify_.verbose, "tell of each request too");
    AddOutput(command);
    command->callback([this] {
      verify_.json = Json();
      status_ = pullseal::cli::Verify(verify_);
    });
  }

  void AddVerifyBundle() {
    CLI::App* command = app_.add_subcommand("verify-bundle", "verify a Sigstore bundle for a file, offline");
    command->add_option("--bundle", bundle_.bundle, "bundle file")->required();
    command->add_option("--key", bundle_.key, "public key that must have signed, PEM");
    command->add_option("--certificate-identity", bundle_.identity, "identity that must have signed");
    command->add_option("--certificate-oidc-issuer", bundle_.issuer, "issuer of that identity");
    command->add_option("--trusted-root", bundle_.trusted_root, "trusted_root.json: whom to believe");
    command->add_flag("--ignore-log", bundle_.ignore_log,
                      "with --key: ask for no log entry; what --trusted-root knows of must hold all the same");
    command->add_option("artifact", bundle_.artifact, "the signed file, or its digest sha256:HEX")->required();
    AddOutput(command);
    command->callback([this] {
      bundle_.json = Json();
      status_ = pullseal::cli::VerifyBundle(bundle_);
    });
  }

  void AddTrust() {
    CLI::App* trust = app_.add_subcommand("trust", "trust roots: what they say, and their renewal by TUF");
    trust->require_subcommand(1);
    CLI::App* show = trust->add_subcommand("show", "print whom it trusts and what ends when");
    show->add_option("file", file_, "trusted_root.json")->required();
    AddOutput(show);
    show->callback([this] { status_ = pullseal::cli::TrustShow(file_, Json()); });
    CLI::App* check = trust->add_subcommand("check", "say whether every part of it can be used");
    check->add_option("file", file_, "trusted_root.json")->required();
    AddOutput(check);
    check->callback([this] { status_ = pullseal::cli::TrustCheck(file_, Json()); });
    AddTrustRenewal(trust);
    AddTrustClient(trust);
  }

  void AddTrustRenewal(CLI::App* trust) {
    CLI::App* update = trust->add_subcommand("update", "bring a folder up to date from a TUF repository");
    update->add_option("--mirror", renewal_.source, "the repository's URL")->required();
    update->add_option("--ca-file", renewal_.ca_file, "CA certificates for the mirror, PEM");
    update->callback([this] {
      renewal_.json = Json();
      status_ = pullseal::cli::TrustUpdate(renewal_);
    });
    CLI::App* copied = trust->add_subcommand("import", "the same from a copy of the repository; reaches no network");
    copied->add_option("source", renewal_.source, "folder or tar archive in a mirror's layout")->required();
    copied->add_flag("--allow-expired-timestamp", renewal_.takes_ended_unsafe,
                     "though timestamp, snapshot, targets or the last root have ended; what is older is refused still");
    copied->callback([this] {
      renewal_.json = Json();
      status_ = pullseal::cli::TrustImport(renewal_);
    });
    for (CLI::App* command : {update, copied}) {
      command->add_option("--root", renewal_.root, "root.json of any version that is trusted to begin with")
          ->required();
      command->add_option("--out", renewal_.out, "folder to keep what is trusted in; replaced as a whole")->required();
      command->add_option("--target", renewal_.targets,
                          "a target that is wanted, can be given again (default: all that targets.json lists)");
      AddOutput(command);
    }
  }

  // The interface of TUF's conformance suite, whose options come before its commands.
  void AddTrustClient(CLI::App* trust) {
    CLI::App* client = trust->add_subcommand("client", "a TUF client as the public conformance suite runs it");
    client->require_subcommand(1);
    client->add_option("--metadata-dir", client_.folder, "folder with what is trusted")->required();
    client->add_option("--metadata-url", client_.metadata_url, "where the repository's metadata is");
    client->add_option("--target-base-url", client_.targets_url, "where its targets are");
    client->add_option("--target-name", client_.targets, "a target, can be given again")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1);
    client->add_option("--target-dir", client_.target_folder, "folder for targets");
    CLI::App* init = client->add_subcommand("init", "trust a root to begin with");
    init->add_option("root", client_.root, "root.json")->required();
    init->callback([this] { status_ = pullseal::cli::TrustClientInit(client_); });
    CLI::App* refresh = client->add_subcommand("refresh", "update the metadata");
    refresh->callback([this] { status_ = pullseal::cli::TrustClientRefresh(client_); });
    CLI::App* download = client->add_subcommand("download", "update the metadata and fetch targets");
    download->callback([this] { status_ = pullseal::cli::TrustClientDownload(client_); });
  }

  void AddKey() {
    CLI::App* key = app_.add_subcommand("key", "public keys, while a policy is written");
    key->require_subcommand(1);
    CLI::App* fetch = key->add_subcommand("fetch", "write the public keys of a key vault's key, one file a version");
    fetch->add_option("key", key_fetch_.key, "azurekms://VAULT/NAME: every enabled version; /VERSION for that one")
        ->required();
    fetch->add_option("--out", key_fetch_.out, "folder to write NAME-VERSION.pub to")->capture_default_str();
    fetch->add_flag("--windows", key_fetch_.windows, "print the vault's nbf and exp as notBefore and notAfter");
    fetch->add_option("--vault-url", key_fetch_.vault_url, "ask this URL instead of https://VAULT; it gets the token");
    fetch->add_option("--ca-file", key_fetch_.ca_file, "CA certificates for the vault, PEM");
    fetch->callback([this] { status_ = pullseal::cli::KeyFetch(key_fetch_); });
  }

  void AddPolicy() {
    CLI::App* policy = app_.add_subcommand("policy", "check and try a policy");
    policy->require_subcommand(1);
    CLI::App* check = policy->add_subcommand("check", "read a policy as the daemon would");
    check->add_option("file", file_, "policy file")->required();
    AddOutput(check);
    check->callback([this] { status_ = pullseal::cli::PolicyCheck(file_, Json()); });
    CLI::App* test = policy->add_subcommand("test", "say which rules decide about an image; asks no registry");
    test->add_option("file", file_, "policy file")->required();
    test->add_option("--image", image_, "image name")->required();
    test->add_option("--namespace", namespace_, "the pod's namespace");
    test->add_option("--node-label", labels_, "key=value, can be given again");
    test->add_flag("--sandbox", sandbox_, "as the pause image of a pod");
    AddOutput(test);
    test->callback(
        [this] { status_ = pullseal::cli::PolicyTest(file_, image_, namespace_, labels_, sandbox_, Json()); });
  }

  void AddLiveOptions(CLI::App* command) {
    command->add_option("--socket", live_.socket, "the daemon's admin socket")->capture_default_str();
    AddOutput(command);
  }
  const LiveOptions& Live() {
    live_.json = Json();
    return live_;
  }
  void AddLive() {
    CLI::App* status = app_.add_subcommand("status", "what the running daemon is and does");
    AddLiveOptions(status);
    status->callback([this] { status_ = pullseal::cli::DaemonStatus(Live()); });
    CLI::App* cache = app_.add_subcommand("cache", "what the running daemon knows about images");
    cache->require_subcommand(1);
    CLI::App* list = cache->add_subcommand("list", "the images whose signatures are known");
    AddLiveOptions(list);
    list->callback([this] { status_ = pullseal::cli::CacheList(Live()); });
    CLI::App* flush = cache->add_subcommand("flush", "forget verdicts and evidence");
    AddLiveOptions(flush);
    flush->callback([this] { status_ = pullseal::cli::CacheFlush(Live()); });
    CLI::App* warm = app_.add_subcommand("warm", "have the daemon judge images ahead of a roll-out");
    warm->add_option("images", images_, "image names")->required();
    warm->add_option("--namespace", namespace_, "the pods' namespace");
    AddLiveOptions(warm);
    warm->callback([this] { status_ = pullseal::cli::Warm(Live(), images_, namespace_); });
    CLI::App* note = app_.add_subcommand(
        "note", "note on this node that images of containerd's store came from where their names say");
    note->add_option("images", images_, "image names");
    note->add_flag("--forget-all", forget_, "remove every note instead");
    AddLiveOptions(note);
    note->callback([this] { status_ = NoteOrForget(); });
  }

  int NoteOrForget() {
    if (forget_ == images_.empty()) {
      return forget_ ? pullseal::cli::ForgetNotes(Live()) : pullseal::cli::Note(Live(), images_);
    }
    std::fprintf(stderr, "pullseal: name images, or say --forget-all\n");
    return kUsage;
  }

  void AddAudit() {
    CLI::App* audit = app_.add_subcommand("audit", "read the audit log");
    audit->require_subcommand(1);
    CLI::App* verify = audit->add_subcommand("verify", "prove the audit log's chain, rotated files included");
    verify->add_option("file", tail_.file, "audit log")->capture_default_str();
    verify->add_option("--head", head_, "SEQ:HASH kept elsewhere, which must be in the log");
    AddOutput(verify);
    verify->callback([this] { status_ = pullseal::cli::AuditVerify(tail_.file, head_, Json()); });
    CLI::App* tail = audit->add_subcommand("tail", "print the last records, one line each");
    tail->add_option("file", tail_.file, "audit log")->capture_default_str();
    tail->add_option("-n,--lines", tail_.lines, "how many")->capture_default_str()->check(CLI::Range(1, 1'000'000));
    tail->add_option("--outcome", tail_.outcome, "only these")
        ->check(CLI::IsMember({"allow", "deny", "would-deny", "unavailable"}));
    tail->add_flag("-f,--follow", tail_.follow, "go on with what is written, across rotations");
    AddOutput(tail);
    tail->callback([this] {
      tail_.json = Json();
      status_ = pullseal::cli::AuditTail(tail_);
    });
  }

  void AddRunning() {
    CLI::App* running =
        app_.add_subcommand("running", "what runs on this node, and what of it a policy would refuse now");
    running->add_option("--policy", file_,
                        "judge by this file instead of the policy in force; the daemon reads it, so it "
                        "must lie in /etc/pullseal");
    running->add_flag("--denied", denied_, "only what would be refused");
    AddLiveOptions(running);
    running->callback([this] { status_ = pullseal::cli::Running(Live(), file_, denied_); });
    CLI::App* glass =
        app_.add_subcommand("break-glass", "put the whole gate into audit mode for a while: nothing is refused");
    glass->add_option("--for", duration_, "how long: 30m, 2h; at most 24h");
    glass->add_option("--reason", reason_, "why, for the audit log");
    glass->add_flag("--end", end_, "end it now");
    AddLiveOptions(glass);
    glass->callback([this] { status_ = pullseal::cli::BreakGlass(Live(), end_ ? "" : duration_, reason_, end_); });
  }

  void AddNode() {
    CLI::App* doctor = app_.add_subcommand("doctor", "prove that this node enforces, by looking and trying");
    doctor->add_option("--report", node_.report,
                       "also write the findings there, as JSON; the audit log's end is looked at only");
    AddOutput(doctor);
    doctor->callback([this] {
      node_.json = Json();
      status_ = pullseal::cli::Doctor(node_);
    });
    CLI::App* node = app_.add_subcommand("node", "put pullseal on this node, change it, take it away");
    node->require_subcommand(1);
    const auto common = [this](CLI::App* command) {
      command->add_option("--watch", node_.watch_seconds, "seconds kubelet has to become healthy")
          ->capture_default_str()
          ->check(CLI::Range(10, 600));
      command->add_option("--report", node_.report, "also write the outcome there, as JSON");
      AddOutput(command);
    };
    for (const char* name : {"install", "upgrade"}) {
      const bool upgrade = std::string(name) == "upgrade";
      CLI::App* command = node->add_subcommand(name, upgrade ? "change version or settings of an installation"
                                                             : "make this node as wanted; does nothing if it is");
      command->add_option("--image", node_.install.source,
                          "root file system of the version (default: this program's own)");
      command->add_option(
          "--settings", node_.install.settings,
          "folder with policy.yaml, its keys, and perhaps config.yaml (default: what /etc/pullseal has)");
      command->add_flag("--plugin", node_.plugin, "leave kubelet alone: be containerd's image verifier plugin");
      command->add_option("--agent-image", node_.install.agent_image,
                          "image of the DaemonSet's pod, which must be allowed");
      command->add_option("--agent-namespace", node_.install.agent_namespace, "namespace of that pod");
      command->add_flag("--accept-denials", node_.install.accept_denials,
                        "though something that runs now would not run again");
      command->add_flag("--dry-run", node_.install.dry_run, "say what would be done");
      common(command);
      command->callback([this, upgrade] {
        node_.json = Json();
        node_.install.must_exist = upgrade;
        status_ = pullseal::cli::NodeInstall(node_);
      });
    }
    CLI::App* uninstall = node->add_subcommand("uninstall", "give kubelet back to containerd and leave nothing behind");
    uninstall->add_flag("--keep-logs", node_.uninstall.keep_logs, "leave the audit log");
    uninstall->add_flag("--dry-run", node_.uninstall.dry_run, "say what would be done");
    common(uninstall);
    uninstall->callback([this] {
      node_.json = Json();
      status_ = pullseal::cli::NodeUninstall(node_);
    });
    CLI::App* rollback = node->add_subcommand("rollback", "return to the version before the one in use");
    common(rollback);
    rollback->callback([this] {
      node_.json = Json();
      status_ = pullseal::cli::NodeRollback(node_);
    });
    CLI::App* status = node->add_subcommand("status", "what is installed, and whether a change is under way");
    AddOutput(status);
    status->callback([this] {
      node_.json = Json();
      status_ = pullseal::cli::NodeStatus(node_);
    });
    CLI::App* agent =
        node->add_subcommand("agent", "the DaemonSet's pod: keep the node as wanted, ship its logs and metrics");
    agent->add_option("--settings", agent_.apply.settings,
                      "folder with policy.yaml and its keys: the mounted ConfigMap");
    agent->add_option("--image-name", agent_.apply.image, "this pod's own image, which the policy must allow")
        ->envname("PULLSEAL_IMAGE");
    agent->add_option("--namespace", agent_.apply.image_namespace, "this pod's namespace")
        ->envname("PULLSEAL_NAMESPACE");
    agent->add_option("--node-name", agent_.node_name, "this pod's node")->envname("PULLSEAL_NODE");
    agent->add_option("--lift-taint", agent_.taint, "key of the taint to lift once this node is proven to enforce");
    agent->add_option("--listen", agent_.listen, "where metrics and probes are served")->capture_default_str();
    agent->add_flag("--audit-is-ready", agent_.audit_is_ready,
                    "be ready also under a policy in audit mode, where nothing is proven to be refused");
    agent->add_flag("--plugin", agent_.apply.plugin, "leave kubelet alone: be containerd's image verifier plugin");
    agent->add_flag("--accept-denials", agent_.apply.accept_denials,
                    "though something that runs now would not run again");
    agent->add_flag("--uninstall", agent_.apply.uninstall, "take pullseal away from the node instead");
    agent->callback([this] { status_ = pullseal::cli::NodeAgent(agent_); });
    CLI::App* guard =
        node->add_subcommand("guard", "finish or undo a change that was left unfinished; systemd runs this");
    common(guard);
    guard->callback([this] {
      node_.json = Json();
      status_ = pullseal::cli::NodeGuard(node_);
    });
  }

  void AddTexts() {
    CLI::App* completion = app_.add_subcommand("completion", "print a completion script for bash");
    completion->callback([this] { std::fputs(pullseal::cli::BashCompletion(app_).c_str(), stdout); });
    CLI::App* manual = app_.add_subcommand("manual", "print the manual page in man(7) format");
    manual->callback([this] { std::fputs(pullseal::cli::ManualPage(app_).c_str(), stdout); });
  }

  CLI::App app_{"pullseal: explains and checks what pullseald enforces"};
  int status_ = 0;
  std::string output_ = "text";
  pullseal::cli::VerifyOptions verify_;
  pullseal::cli::VerifyBundleOptions bundle_;
  LiveOptions live_;
  pullseal::cli::KeyFetchOptions key_fetch_;
  pullseal::cli::RenewalOptions renewal_;
  pullseal::cli::ClientOptions client_;
  pullseal::cli::TailOptions tail_;
  pullseal::cli::NodeOptions node_;
  pullseal::agent::AgentOptions agent_;
  bool denied_ = false;
  bool end_ = false;
  std::string duration_;
  std::string reason_;
  std::string file_;
  std::string image_;
  std::string head_;
  std::optional<std::string> namespace_;
  std::vector<std::string> labels_;
  bool sandbox_ = false;
  bool forget_ = false;
  std::vector<std::string> images_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  using pullseal::crypto::ErrorTexts;
  pullseal::crypto::StartOpenSsl(first == "verify-bundle" ? ErrorTexts::kNone : ErrorTexts::kLoad);
  try {
    return CommandLine(first).Run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "pullseal: %s\n", exception.what());
    return 2;
  }
}
