// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "e2e/node_fixture.h"

// Registries as they stand in the field: behind mirrors, behind nginx with a private authority and passwords.
// containerd and pullseal read the same files, and must go to the same hosts.
namespace pullseal::lab {
namespace {

// An authority of our own and certificates from it, by openssl.
class Authority {
 public:
  explicit Authority(const std::string& folder) : folder_(folder) {
    Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj "
        "/CN=lab");
    WriteFile(folder_ + "/ext", "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
    for (const std::string name : {"server", "client"}) {
      Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name +
          ".csr -subj /CN=" + name);
      Run("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out " + name +
          ".pem -extfile ext -days 2");
    }
  }
  std::string File(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void Run(const std::string& arguments) const {
    const Output out =
        Execute({"/bin/sh", "-c", "mkdir -p " + folder_ + " && cd " + folder_ + " && openssl " + arguments});
    if (out.status != 0) throw std::runtime_error("openssl: " + out.text);
  }
  const std::string folder_;
};

class NodeHostsTest : public NodeTest {
 protected:
  NodeHostsTest() : authority_(folder_.path() + "/tls") {
    hosts_ = std::make_unique<Process>(
        std::vector<std::string>{"python3", Env("PULLSEAL_TOP") + "/tests/lab/logging_hosts.py",
                                 world().registry.host(), log(), "one=plain", "two=plain", "gone=missing", "ill=broken",
                                 "safe=tls:" + authority_.File("server.pem") + ":" + authority_.File("server.key"),
                                 "strict=tls:" + authority_.File("server.pem") + ":" + authority_.File("server.key") +
                                     ":" + authority_.File("ca.pem")},
        folder_.path() + "/hosts");
    if (!WaitFor([this] { return ReadText(folder_.path() + "/hosts").find("ready") != std::string::npos; })) {
      throw std::runtime_error("hosts did not start: " + ReadText(folder_.path() + "/hosts"));
    }
    std::istringstream lines(ReadText(folder_.path() + "/hosts"));
    std::string name;
    std::string port;
    while (lines >> name >> port) ports_[name] = port;
    WriteFile(
        folder_.path() + "/policy.yaml",
        "apiVersion: pullseal.dev/v1\nkind: NodePolicy\nmetadata: {name: hosts}\nkeys:\n  - {name: release, file: " +
            world().cosign.public_key_file() +
            "}\nrules:\n  - name: all\n    match: {images: [\"**\"], unsafe: true}\n"
            "    require: {signatures: {repository: any, anyOf: [{key: release}]}}\n");
  }
  ~NodeHostsTest() override { std::filesystem::remove_all(world().containerd->hosts_folder()); }

  std::string log() const { return folder_.path() + "/log"; }
  // hosts.toml of `host`, with @NAME@ for the address of a host of ours.
  void WriteHosts(const std::string& host, std::string text) {
    for (const auto& [name, port] : ports_) {
      const std::string mark = "@" + name + "@";
      for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
        text.replace(at, mark.size(), "127.0.0.1:" + port);
      }
    }
    WriteFile(world().containerd->hosts_folder() + "/" + host + "/hosts.toml", text);
  }
  // What was asked about tag 1: host, path and query, header; each once, in the order of first asking.
  std::vector<std::string> AskedForTag() {
    std::vector<std::string> out;
    std::istringstream lines(ReadText(log()));
    std::string line;
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::string host;
      std::string method;
      std::string path;
      std::string header;
      words >> host >> method >> path >> header;
      if (path.find("/manifests/1") == std::string::npos) continue;
      const std::string one = host + " " + path + " " + header;
      if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
    }
    WriteFile(log(), "");
    return out;
  }
  Output Verify(const std::string& image) {
    return Execute({Env("PULLSEAL_BUILD") + "/plugin/pullseal", "verify", image, "--policy",
                    folder_.path() + "/policy.yaml", "--config", world().daemon->config_file(), "-v"});
  }

  TempFolder folder_;
  Authority authority_;
  std::unique_ptr<Process> hosts_;
  std::map<std::string, std::string> ports_;
};

TEST_F(NodeHostsTest, ContainerdAndWeGoToTheSameHosts) {
  world().Push("app/hosts", "1", MakeImage("app/hosts"), true);
  const std::string ca = authority_.File("ca.pem");
  const std::string client = "[[\"" + authority_.File("client.pem") + "\", \"" + authority_.File("client.key") + "\"]]";
  const std::pair<const char*, std::string> cases[] = {
      {"server alone", "server = \"http://@one@\"\n"},
      {"a mirror before it", "server = \"http://@one@\"\n[host.\"http://@two@\"]\n"},
      {"order of the file", "server = \"http://@one@\"\n[host.\"http://@two@\"]\n[host.\"http://@gone@\"]\n"},
      {"a mirror without it", "server = \"http://@one@\"\n[host.\"http://@gone@\"]\n"},
      {"a mirror that is ill", "server = \"http://@one@\"\n[host.\"http://@ill@\"]\n"},
      {"a mirror that is down", "server = \"http://@one@\"\n[host.\"http://127.0.0.1:1\"]\n"},
      {"pull alone", "server = \"http://@one@\"\n[host.\"http://@two@\"]\ncapabilities = [\"pull\"]\n"},
      {"resolve alone", "server = \"http://@one@\"\n[host.\"http://@two@\"]\ncapabilities = [\"resolve\"]\n"},
      {"pull and resolve",
       "server = \"http://@one@\"\n[host.\"http://@two@\"]\ncapabilities = [\"pull\", \"Resolve\"]\n"},
      {"override_path", "server = \"http://@one@\"\n[host.\"http://@two@/special\"]\noverride_path = true\n"},
      {"a path", "server = \"http://@one@\"\n[host.\"http://@two@/some/path\"]\n"},
      {"header", "server = \"http://@one@\"\n[host.\"http://@two@\".header]\nX-Test = \"seen\"\n"},
      {"header before its host",
       "server = \"http://@one@\"\n[host.\"http://@two@\".header]\nX-Test = \"a\"\n"
       "[host.\"http://@gone@\"]\n[host.\"http://@two@\"]\ncapabilities = [\"pull\", \"resolve\"]\n"},
      {"ca", "server = \"https://@safe@\"\nca = \"" + ca + "\"\n[host.\"http://@gone@\"]\n"},
      {"ca of a mirror", "server = \"http://@one@\"\n[host.\"https://@safe@\"]\nca = [\"" + ca + "\"]\n"},
      {"no ca", "server = \"http://@one@\"\n[host.\"https://@safe@\"]\n"},
      {"skip_verify", "server = \"http://@one@\"\n[host.\"https://@safe@\"]\nskip_verify = true\n"},
      {"client certificate",
       "server = \"https://@strict@\"\nca = \"" + ca + "\"\nclient = " + client + "\n[host.\"http://@gone@\"]\n"},
      {"no client certificate", "server = \"http://@one@\"\n[host.\"https://@strict@\"]\nca = \"" + ca + "\"\n"},
      {"http that is https", "server = \"http://@safe@\"\nskip_verify = true\n[host.\"http://@gone@\"]\n"},
      {"http with TLS settings that is http",
       "server = \"http://@one@\"\nskip_verify = true\n[host.\"http://@gone@\"]\n"},
      {"unknown capability", "server = \"http://@one@\"\n[host.\"http://@two@\"]\ncapabilities = [\"fly\"]\n"},
      {"unknown key", "server = \"http://@one@\"\n[host.\"http://@two@\"]\nbogus = 1\n"},
      {"wrong type", "server = \"http://@one@\"\nskip_verify = \"no\"\n"},
      {"no TOML", "server = \"http://@one@\n"},
  };
  int number = 0;
  for (const auto& [name, text] : cases) {
    const std::string host = "case" + std::to_string(++number) + ".invalid";
    WriteHosts(host, text);
    WriteFile(log(), "");
    const std::string image = host + "/app/hosts:1";
    const bool pulled = world().raw->Pull(image, "").ok();
    const auto theirs = AskedForTag();
    const Output verified = Verify(image);
    const auto ours = AskedForTag();
    // containerd 1.x passes over a file that has no host besides the server; docs/registries.md says so.
    // 1.7.34 reads it as 2.x does.
    const std::string line = Env("PULLSEAL_CONTAINERD");
    if (name == std::string("server alone") && !line.starts_with("containerd-2") && line != "containerd-1.7.34") {
      EXPECT_TRUE(theirs.empty());
      continue;
    }
    // containerd 1.6 does not try TLS for an http URL.
    if (name == std::string("http that is https") && Env("PULLSEAL_CONTAINERD") == "containerd-1.6") continue;
    EXPECT_EQ(theirs, ours) << name << "\n" << verified.text;
    EXPECT_EQ(pulled ? 0 : 2, verified.status) << name << "\n" << verified.text;
  }
}

TEST_F(NodeHostsTest, TheFolderIsFoundAsContainerdFindsIt) {
  world().Push("app/folders", "1", MakeImage("app/folders"), true);
  for (const std::string folder : {"_default", "dir.invalid:5000", "dir.invalid_5000_"}) {
    WriteHosts(folder, "server = \"http://@one@\"\n[host.\"http://@two@\".header]\nX-Test = \"" + folder + "\"\n");
    EXPECT_TRUE(world().raw->Pull("dir.invalid:5000/app/folders:1", "").ok());
    const auto theirs = AskedForTag();
    const Output verified = Verify("dir.invalid:5000/app/folders:1");
    EXPECT_EQ(0, verified.status) << verified.text;
    EXPECT_EQ(theirs, AskedForTag()) << folder;
    ASSERT_EQ(1U, theirs.size());
    EXPECT_NE(std::string::npos, theirs[0].find(folder)) << theirs[0];
  }
}

// What a pod sees: an image of a registry that this node can only reach through its mirror.
TEST_F(NodeHostsTest, ASignedImageRunsFromAMirrorAndAnUnsignedOneDoesNot) {
  world().Push("app/mirrored", "1", MakeImage("app/mirrored"), true);
  world().Push("app/bare", "1", MakeImage("app/bare"), false);
  WriteHosts("far.invalid", "server = \"http://@gone@\"\n[host.\"http://@two@\"]\n");
  world().daemon->SetPolicy(world().Policy() +
                            "  - name: far\n    match: {images: [\"far.invalid/**\"]}\n    require: {signatures: "
                            "{repository: any, anyOf: [{key: release}]}}\n");
  const grpc::Status pulled = kubelet().Pull("far.invalid/app/mirrored:1", "default");
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  ExpectRuns(Pod(), MakeImage("app/mirrored").config.digest, "far.invalid/app/mirrored:1", "app/mirrored");
  ExpectRefused(kubelet().Pull("far.invalid/app/bare:1", "default"), "signature-missing");
  // The registry itself was not asked, so it is not known that there is no signature.
  WriteHosts("far.invalid", "server = \"http://@ill@\"\n[host.\"http://@two@\"]\n");
  SystemClock().SleepFor(std::chrono::milliseconds(1500));  // denyTtl
  ExpectRefused(kubelet().Pull("far.invalid/app/bare:1", "default"), "registry-error");
  world().daemon->SetPolicy(world().Policy());
}

// docker-registry behind nginx: TLS by an authority of one's own, a password. The pull brings the password along; what
// comes after it, the refresh and the create of an image that was there before, has only the node's own credentials.
TEST_F(NodeHostsTest, PasswordsAndAPrivateAuthority) {
  const std::string port = std::to_string(FreePort());
  const std::string folder = folder_.path() + "/nginx";
  std::filesystem::create_directories(folder);
  const Output hash = Execute({"openssl", "passwd", "-apr1", "s3cret"});
  WriteFile(folder + "/users", "node:" + hash.text);
  WriteFile(folder + "/nginx.conf",
            "daemon off; error_log " + folder + "/error.log; pid " + folder +
                "/pid;\nevents {}\nhttp {\n  access_log " + folder + "/access.log;\n  client_body_temp_path " + folder +
                "/b; proxy_temp_path " + folder + "/p; fastcgi_temp_path " + folder + "/f; uwsgi_temp_path " + folder +
                "/u; scgi_temp_path " + folder + "/s;\n  server {\n    listen 127.0.0.1:" + port +
                " ssl;\n    ssl_certificate " + authority_.File("server.pem") + ";\n    ssl_certificate_key " +
                authority_.File("server.key") + ";\n    location / { auth_basic lab; auth_basic_user_file " + folder +
                "/users; proxy_pass http://" + world().registry.host() +
                "; proxy_set_header Authorization \"\"; }\n  }\n}\n");
  ::chmod(folder_.path().c_str(), 0755);
  const Process nginx(
      {"nginx", "-p", folder, "-c", folder + "/nginx.conf", "-e", folder + "/error.log", "-g", "user root;"},
      folder + "/log");
  const std::string host = "127.0.0.1:" + port;
  WriteFile(world().containerd->hosts_folder() + "/" + host + "/hosts.toml",
            "[host.\"https://" + host + "\"]\nca = \"" + authority_.File("ca.pem") + "\"\n");
  world().Push("app/private", "1", MakeImage("app/private"), true);
  world().Push("app/hidden", "1", MakeImage("app/hidden"), true);
  world().daemon->SetPolicy(world().Policy() + "  - name: private\n    match: {images: [\"" + host +
                            "/**\"]}\n    require: {signatures: {repository: any, anyOf: [{key: release}]}}\n");
  ASSERT_TRUE(WaitFor([&] {
    return Verify(host + "/app/private:1").text.find("registry-unauthorized") != std::string::npos;
  })) << Verify(host + "/app/private:1").text
      << ReadText(folder + "/error.log");
  ExpectRefused(kubelet().Pull(host + "/app/private:1", "default"), "registry-unauthorized");
  cri::AuthConfig auth;
  auth.set_username("node");
  auth.set_password("wrong");
  ExpectRefused(kubelet().Pull(host + "/app/private:1", "default", nullptr, &auth), "registry-unauthorized");
  auth.set_password("s3cret");
  const grpc::Status pulled = kubelet().Pull(host + "/app/private:1", "default", nullptr, &auth);
  ASSERT_TRUE(pulled.ok()) << pulled.error_message();
  ExpectRuns(Pod(), MakeImage("app/private").config.digest, host + "/app/private:1", "app/private");

  // Preloaded: a create has no password, so nothing can be known, until the node has one of its own.
  Import(MakeImage("app/hidden"), host + "/app/hidden:1");
  const std::string pod = Pod();
  ExpectRefused(kubelet().Create(pod, MakeImage("app/hidden").config.digest, host + "/app/hidden:1", nullptr),
                "registry-unauthorized");
  const std::string plugins = world().providers_folder();
  WriteFile(plugins + "/plugin",
            "#!/bin/sh\ncat > /dev/null\necho '{\"apiVersion\":\"credentialprovider.kubelet.k8s.io/v1\","
            "\"kind\":\"CredentialProviderResponse\",\"cacheKeyType\":\"Registry\",\"auth\":{\"" +
                host + "\":{\"username\":\"node\",\"password\":\"s3cret\"}}}'\n");
  ::chmod((plugins + "/plugin").c_str(), 0755);
  WriteFile(plugins + "/config.yaml",
            "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n  - {name: plugin, "
            "matchImages: [\"" +
                host +
                "\"], defaultCacheDuration: 10m, apiVersion: "
                "credentialprovider.kubelet.k8s.io/v1}\n");
  ExpectRuns(pod, MakeImage("app/hidden").config.digest, host + "/app/hidden:1", "app/hidden");
  const Output told = Verify(host + "/app/hidden:1");
  EXPECT_EQ(0, told.status) << told.text;
  EXPECT_NE(std::string::npos, told.text.find("credentials: credential provider plugin; for: what tag 1 stands for"))
      << told.text;
  EXPECT_EQ(std::string::npos,
            (told.text + world().daemon->Log() + ReadText(world().daemon->audit_file())).find("s3cret"));
  std::filesystem::remove_all(plugins);
  world().daemon->SetPolicy(world().Policy());
}

}  // namespace
}  // namespace pullseal::lab
