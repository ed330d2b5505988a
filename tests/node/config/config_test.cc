// SPDX-License-Identifier: Apache-2.0
#include "node/config/config.h"

#include <gtest/gtest.h>

namespace pullseal::config {
namespace {

TEST(ConfigTest, ReadsEveryField) {
  const auto config = Parse(
      "listen: {cri: /a.sock, metrics: \"127.0.0.1:1\"}\nruntime: {socket: /b.sock, namespace: x, sandboxImage: p, "
      "config: /c}\n"
      "policy: /p\nnode: {name: n, labels: {a: b}, labelsFile: /l}\nregistries: {plainHttp: [\"h:1\"], caFile: /ca, "
      "certsDirs: [/d], mirrorCredentials: forward, credentialProvider: {config: /k, binDir: /b}, azureIdentity: "
      "default, "
      "dockerConfig: /c}\n"
      "gate: {workers: 2, queue: 3, decisionTimeout: 5s, allowTtl: 1m, denyTtl: 1s, evidenceMaxAge: 1h}\n"
      "audit: {file: /f}\nlog: {level: debug}\nunknownFields: deny\ncheckpoint: deny\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ("/a.sock", config->listen_cri);
  EXPECT_EQ(2U, config->workers);
  EXPECT_EQ(std::chrono::milliseconds(5000), config->decision_timeout);
  EXPECT_EQ("b", config->node_labels->at("a"));
  EXPECT_TRUE(config->deny_unknown_fields);
  EXPECT_EQ(std::vector<std::string>{"/d"}, *config->registries.certs_dirs);
  EXPECT_EQ("/c", config->registries.containerd_config);
  EXPECT_TRUE(config->registries.forward_to_mirrors);
  EXPECT_EQ("/k", config->registries.provider_config);
  EXPECT_EQ("/b", config->registries.provider_folder);
  EXPECT_EQ("", *config->registries.azure_identity);
  EXPECT_EQ("/c", config->registries.docker_config);
  EXPECT_FALSE(Parse("registries: {azureIdentity: none}\n")->registries.azure_identity);
  EXPECT_FALSE(Parse("policy: /p\n")->registries.certs_dirs);
  EXPECT_TRUE(config->deny_checkpoint);
}

TEST(ConfigTest, RefusesWithTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"polcy: x\n", "1: unknown field \"polcy\""},
      {"policy: x\nlisten: {tcp: 1}\n", "2: unknown field \"tcp\""},
      {"gate: {workers: 0}\n", "from 1 to"},
      {"gate: {allowTtl: 10}\n", "duration"},
      {"log: {level: loud}\n", "debug, info"},
      {"unknownFields: maybe\n", "pass or deny"},
      {"[]\n", "must be a map"},
      {"policy: [x]\n", "must be text"},
  };
  for (const auto& [text, expected] : cases) {
    const auto config = Parse(text);
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_NE(std::string::npos, config.error().message.find(expected)) << config.error().message;
  }
}

TEST(ConfigTest, LabelsFileAsAksWritesIt) {
  const auto labels =
      ParseLabelsFile("KUBELET_FLAGS=--x\nKUBELET_NODE_LABELS=agentpool=nodepool1,kubernetes.azure.com/mode=system\n");
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ("system", labels->at("kubernetes.azure.com/mode"));
  EXPECT_FALSE(ParseLabelsFile("X=1\n").ok());
  EXPECT_FALSE(ParseLabelsFile("KUBELET_NODE_LABELS=a,b=c\n").ok());
}

}  // namespace
}  // namespace pullseal::config
