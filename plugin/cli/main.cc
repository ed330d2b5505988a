#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify.h"

namespace {

constexpr int kUsage = 64;  // sysexits(3) EX_USAGE

int Run(int argc, char** argv) {
  CLI::App app("pullseal: explains and checks what pullseald enforces");
  app.require_subcommand(1);
  app.set_version_flag("--version", "pullseal " PULLSEAL_VERSION);
  int status = 0;

  pullseal::cli::VerifyOptions verify;
  std::string output = "text";
  CLI::App* verify_command = app.add_subcommand("verify", "judge an image as the node would, and explain the answer");
  verify_command->add_option("image", verify.image, "image name")->required();
  verify_command->add_option("--policy", verify.policy, "policy file")->capture_default_str();
  verify.policy = "/etc/pullseal/policy.yaml";
  verify_command->add_option("--namespace", verify.pod_namespace, "the pod's namespace");
  verify_command->add_option("--node-label", verify.node_labels, "key=value, can be given again");
  verify_command->add_option("--plain-http", verify.plain_http, "registry host spoken to by http, can be given again");
  verify_command->add_option("--ca-file", verify.ca_file, "CA certificates for registries, PEM");
  verify_command->add_option("--username", verify.username, "registry user");
  verify_command->add_option("--password-file", verify.password_file, "file with the registry password");
  verify_command->add_flag("-v,--verbose", verify.verbose, "more steps");
  verify_command->add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
  verify_command->callback([&] {
    verify.json = output == "json";
    status = pullseal::cli::Verify(verify);
  });

  std::string file;
  std::string image;
  std::optional<std::string> pod_namespace;
  std::vector<std::string> labels;
  CLI::App* policy_command = app.add_subcommand("policy", "check and try a policy");
  policy_command->require_subcommand(1);
  CLI::App* check = policy_command->add_subcommand("check", "read a policy as the daemon would");
  check->add_option("file", file, "policy file")->required();
  check->callback([&] { status = pullseal::cli::PolicyCheck(file); });
  CLI::App* test = policy_command->add_subcommand("test", "say which rules decide about an image; asks no registry");
  test->add_option("file", file, "policy file")->required();
  test->add_option("--image", image, "image name")->required();
  test->add_option("--namespace", pod_namespace, "the pod's namespace");
  test->add_option("--node-label", labels, "key=value, can be given again");
  test->callback([&] { status = pullseal::cli::PolicyTest(file, image, pod_namespace, labels); });

  std::string log_file = "/var/log/pullseal/audit.jsonl";
  std::string head;
  CLI::App* audit_command = app.add_subcommand("audit", "read the audit log");
  audit_command->require_subcommand(1);
  CLI::App* audit_verify = audit_command->add_subcommand("verify", "prove the audit log's chain");
  audit_verify->add_option("file", log_file, "audit log")->capture_default_str();
  audit_verify->add_option("--head", head, "SEQ:HASH kept elsewhere, which must be in the log");
  audit_verify->callback([&] { status = pullseal::cli::AuditVerify(log_file, head); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "pullseal: %s\n", exception.what());
    return 2;
  }
}
