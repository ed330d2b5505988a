// SPDX-License-Identifier: Apache-2.0
#include "node/install/kubelet.h"

#include <gtest/gtest.h>

namespace pullseal::install {
namespace {

constexpr char kAks[] = R"(# /etc/systemd/system/kubelet.service
[Unit]
Description=Kubelet
[Service]
EnvironmentFile=/etc/default/kubelet
ExecStartPre=/bin/bash /opt/azure/containers/kubelet.sh
ExecStart=/opt/bin/kubelet \
        --enable-server \
        $KUBELET_TLS_BOOTSTRAP_FLAGS $KUBELET_CONTAINERD_FLAGS $KUBELET_FLAGS

# /etc/systemd/system/kubelet.service.d/10-containerd-base-flag.conf
[Service]
Environment="KUBELET_CONTAINERD_FLAGS=--runtime-request-timeout=15m --container-runtime-endpoint=unix:///run/containerd/containerd.sock --runtime-cgroups=/system.slice/containerd.service"
)";

TEST(KubeletUnitTest, AksIsOverriddenByItsOwnVariable) {
  const auto unit = ParseKubeletUnit(kAks);
  ASSERT_TRUE(unit.ok()) << unit.error().message;
  EXPECT_EQ(KubeletKind::kAks, unit->kind);
  EXPECT_EQ(
      "Environment=\"KUBELET_CONTAINERD_FLAGS=--runtime-request-timeout=15m "
      "--runtime-cgroups=/system.slice/containerd.service "
      "--container-runtime-endpoint=unix:///p.sock --image-service-endpoint=unix:///p.sock\"",
      EndpointOverride(*unit, "/p.sock"));
}

// What our drop-in set before does not count, so that installing again gives the same text.
TEST(KubeletUnitTest, OurOwnDropInIsLeftOut) {
  const std::string first = EndpointOverride(*ParseKubeletUnit(kAks), "/p.sock");
  const std::string with_ours = std::string(kAks) + "\n# " + std::string(kKubeletDropIn) + "\n[Service]\n" + first +
                                "\nExecStart=\nExecStart=/other/kubelet\n";
  EXPECT_EQ(first, EndpointOverride(*ParseKubeletUnit(with_ours), "/p.sock"));
}

TEST(KubeletUnitTest, OtherKubeletsGetOurFlagsLast) {
  const auto unit = ParseKubeletUnit(
      "[Service]\nExecStart=/usr/bin/kubelet --old\n# /d.conf\n[Service]\nExecStart=\n"
      "ExecStart=/usr/bin/kubelet $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n[Install]\nExecStart=/bin/kubelet-not\n");
  ASSERT_TRUE(unit.ok());
  EXPECT_EQ(KubeletKind::kKubeadm, unit->kind);
  EXPECT_EQ(
      "ExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS "
      "--container-runtime-endpoint=unix:///p.sock --image-service-endpoint=unix:///p.sock",
      EndpointOverride(*unit, "/p.sock"));
  EXPECT_EQ(KubeletKind::kStandalone, ParseKubeletUnit("[Service]\nExecStart=/k/kubelet --config=/c\n")->kind);
  EXPECT_FALSE(ParseKubeletUnit("[Service]\nExecStart=/usr/bin/k3s server\n").ok());
  EXPECT_FALSE(ParseKubeletUnit("").ok());
}

TEST(KubeletUnitTest, ValuesAreQuotedForAUnit) {
  const auto unit = ParseKubeletUnit(
      "[Service]\nExecStart=/kubelet $KUBELET_CONTAINERD_FLAGS\n"
      "Environment=\"OTHER=x\" \"KUBELET_CONTAINERD_FLAGS=--a=100% --container-runtime-endpoint unix:///c "
      "--b=\\\"q\\\"\"\n");
  ASSERT_TRUE(unit.ok());
  const std::string text = EndpointOverride(*unit, "/p.sock");
  EXPECT_NE(std::string::npos, text.find("--a=100%%")) << text;
  EXPECT_EQ(std::string::npos, text.find("unix:///c ")) << text;
}

TEST(KubeletFlagsTest, TheLastOneWins) {
  EXPECT_EQ("b", FlagOf({"kubelet", "--x=a", "--x=b"}, "x"));
  EXPECT_EQ("c", FlagOf({"kubelet", "--x=a", "--x", "c"}, "x"));
  EXPECT_EQ("d", FlagOf({"kubelet", "-x=d"}, "x"));
  EXPECT_EQ(std::nullopt, FlagOf({"kubelet", "--xy=a", "x=b", "--x"}, "x"));
}

TEST(KubeletFlagsTest, EndpointsMeanSockets) {
  EXPECT_TRUE(MeansSocket("unix:///run/containerd/containerd.sock", "/run/containerd/containerd.sock"));
  EXPECT_TRUE(MeansSocket("unix:///var/run/containerd/containerd.sock", "/run/containerd/containerd.sock"));
  EXPECT_TRUE(MeansSocket("/run/pullseal/cri/cri.sock", "/run/pullseal/cri/cri.sock"));
  EXPECT_FALSE(MeansSocket("unix:///run/containerd/containerd.sock", "/run/pullseal/cri/cri.sock"));
  EXPECT_FALSE(MeansSocket("", "/run/pullseal/cri/cri.sock"));
}

}  // namespace
}  // namespace pullseal::install
