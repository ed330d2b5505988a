// SPDX-License-Identifier: Apache-2.0
// What `containerd config dump` of 1.7.34, 2.2.4 and 2.3.3 printed for the same files.
#include "image/containerd/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "image/containerd/configuration.h"
#include "image/containerd/limits.h"
#include "image/containerd/note.h"

namespace pullseal::containerd {
namespace {

namespace fs = std::filesystem;
using Folders = std::vector<std::string>;

constexpr char kMain3[] =
    "version = 3\nimports = ['conf.d/*.toml']\n"
    "[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = 'main/pause:1'\n"
    "[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/main'\n";
constexpr char kMain2[] =
    "version = 2\nimports = ['conf.d/*.toml']\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'main/pause:1'\n"
    "[plugins.'io.containerd.grpc.v1.cri'.registry]\nconfig_path = '/main'\n";
constexpr char kDrop2[] = "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'drop/pause:1'\n";

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    char name[] = "/tmp/pullseal_containerd_XXXXXX";
    folder_ = ::mkdtemp(name);
    fs::create_directories(folder_ + "/conf.d");
  }
  ~SettingsTest() override { fs::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(Path(name)) << text; }
  static std::string Image(const Result<Settings>& found) {
    return !found ? found.error().message : found->sandbox_image ? found->sandbox_image->value : "none";
  }
  static std::string ConfigPath(const Result<Settings>& found) {
    return !found ? found.error().message : found->config_path ? found->config_path->value : "none";
  }

  std::string folder_;
};

TEST_F(SettingsTest, ImportsAreMergedAsContainerdMergesThem) {
  Write("main.toml", kMain3);
  auto found = FromFiles(Path("main.toml"));
  EXPECT_EQ("main/pause:1", Image(found));
  EXPECT_EQ(2, found->major);
  Write("conf.d/b.toml", kDrop2);
  found = FromFiles(Path("main.toml"));
  EXPECT_EQ("drop/pause:1", Image(found)) << "2.x reads a drop-in of version 2 as one of its own";
  EXPECT_EQ(Path("conf.d/b.toml"), found->sandbox_image->from);
  EXPECT_EQ("/main", ConfigPath(found)) << "and keeps what the drop-in does not say";
  EXPECT_EQ(Path("main.toml"), found->config_path->from);
  EXPECT_EQ((Folders{Path("main.toml"), Path("conf.d/b.toml")}), found->files);
  // In the order of the names; those that begin with a dot count too.
  Write("conf.d/.a.toml", "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = 'dot/p:1'\n");
  EXPECT_EQ("drop/pause:1", Image(FromFiles(Path("main.toml"))));
  Write("conf.d/c.toml", "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = ''\n");
  EXPECT_EQ("none", Image(FromFiles(Path("main.toml")))) << "an empty name overrides, and is none";
}

TEST_F(SettingsTest, OlderFilesReplaceWholeSections) {
  Write("main.toml", kMain2);
  Write("conf.d/b.toml", kDrop2);
  const auto found = FromFiles(Path("main.toml"));
  EXPECT_EQ("drop/pause:1", Image(found));
  EXPECT_EQ("none", ConfigPath(found)) << "containerd 1.7 prints config_path = \"\"";
  Write("conf.d/b.toml", "version = 2\n[plugins.'io.containerd.gc.v1.scheduler']\npause_threshold = 0.1\n");
  EXPECT_EQ("main/pause:1", Image(FromFiles(Path("main.toml")))) << "another plugin's section replaces none";
}

TEST_F(SettingsTest, ImportsAreBoundedAndMustBeThere) {
  Write("main.toml", "version = 3\nimports = ['main.toml', 'conf.d/../main.toml', '" + Path("main.toml") + "']\n");
  EXPECT_TRUE(FromFiles(Path("main.toml")).ok()) << "a file that imports itself is read once";
  Write("main.toml", "version = 3\nimports = ['absent.toml']\n");
  EXPECT_EQ(ErrorCode::kUnavailable, FromFiles(Path("main.toml")).error().code);
  Write("main.toml", "version = 3\nimports = ['absent/*.toml']\n");
  EXPECT_TRUE(FromFiles(Path("main.toml")).ok());
  EXPECT_EQ(ErrorCode::kNotFound, FromFiles(Path("absent.toml")).error().code);
  Write("main.toml", "version = [");
  EXPECT_EQ(ErrorCode::kInvalid, FromFiles(Path("main.toml")).error().code);
  Write("main.toml", kMain3);
  for (std::size_t i = 0; i + 1 < limits::kImportedFiles; ++i) {
    Write("conf.d/" + std::to_string(i) + ".toml", "version = 3\n");
  }
  EXPECT_EQ("main/pause:1", Image(FromFiles(Path("main.toml"))));
  Write("conf.d/more.toml", "version = 3\n");
  EXPECT_EQ(ErrorCode::kLimit, FromFiles(Path("main.toml")).error().code);
}

TEST_F(SettingsTest, DumpsSayEverything) {
  const auto new_one = FromDump(
      "version = 4\n[plugins]\n  [plugins.'io.containerd.cri.v1.images']\n"
      "    [plugins.'io.containerd.cri.v1.images'.pinned_images]\n      sandbox = 'registry.k8s.io/pause:3.10.2'\n"
      "    [plugins.'io.containerd.cri.v1.images'.registry]\n      config_path = ''\n");
  EXPECT_EQ("registry.k8s.io/pause:3.10.2", Image(new_one));
  EXPECT_EQ(2, new_one->major);
  EXPECT_EQ((Folders{"/etc/containerd/certs.d", "/etc/docker/certs.d"}), HostsFolders(*new_one));
  const auto old_one = FromDump(
      "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"registry.k8s.io/pause:3.8\"\n"
      "[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"\"\n");
  EXPECT_EQ("registry.k8s.io/pause:3.8", Image(old_one));
  EXPECT_EQ(1, old_one->major);
  EXPECT_EQ(Folders{}, HostsFolders(*old_one)) << "1.x looks at no hosts.toml then";
  EXPECT_FALSE(FromDump("[").ok());
  EXPECT_FALSE(FromDump(std::string("\0", 1)).ok());
}

TEST_F(SettingsTest, HostsFoldersByVersion) {
  const auto of = [](int major, std::optional<std::string> path, bool old) {
    Settings settings;
    settings.major = major;
    if (path) settings.config_path = Setting{*path, "f"};
    settings.old_registries = old;
    return HostsFolders(settings);
  };
  const Folders usual = {"/etc/containerd/certs.d", "/etc/docker/certs.d"};
  EXPECT_EQ((Folders{"/a", "/b"}), of(2, ":/a::/b:", false));
  EXPECT_EQ(Folders{"/a"}, of(1, "/a", true));
  EXPECT_EQ(usual, of(2, "", false));
  EXPECT_EQ(usual, of(2, std::nullopt, false));
  EXPECT_EQ(Folders{}, of(2, "", true)) << "mirrors, configs or auths stand in the way";
  EXPECT_EQ(Folders{}, of(1, std::nullopt, false));
  EXPECT_EQ(usual, of(0, std::nullopt, false));
  EXPECT_EQ(Folders{}, of(0, "", false));
}

TEST_F(SettingsTest, BuiltInImagesOfKnownVersions) {
  EXPECT_EQ("registry.k8s.io/pause:3.10", BuiltInSandboxImage("2.1.9"));
  EXPECT_EQ("registry.k8s.io/pause:3.10.1", BuiltInSandboxImage("2.2.4-6.azl3"));
  EXPECT_EQ("registry.k8s.io/pause:3.10.2", BuiltInSandboxImage("2.3.3"));
  for (const char* version : {"", "2", "2.", "2.x", "1.7.34", "3.0.0", "2.40.1"})
    EXPECT_EQ("", BuiltInSandboxImage(version)) << version;
}

Note OneNote() {
  Note out{.version = "2.1.9", .started = 1'800'000'000, .settings = {}, .newer = {}};
  out.settings.major = 2;
  out.settings.sandbox_image = Setting{"reg.io/pause:1", "/etc/containerd/conf.d/a.toml"};
  out.settings.config_path = Setting{"", std::string(kBuiltIn)};
  out.settings.files = {"/etc/containerd/config.toml", "/etc/containerd/conf.d/a.toml"};
  return out;
}

TEST_F(SettingsTest, NotesAreReadAsTheyWereWritten) {
  Note note = OneNote();
  EXPECT_EQ(note, *ParseNote(ToText(note)));
  note.newer = "/etc/containerd/config.toml";
  note.settings.old_registries = true;
  note.settings.sandbox_image.reset();
  EXPECT_EQ(note, *ParseNote(ToText(note)));
  const std::string good = ToText(OneNote());
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"note\":1", "\"note\":2"},
                                                        {"\"reg.io/pause:1\"", "\"\""},
                                                        {"\"reg.io/pause:1\"", "7"},
                                                        {"\"sandbox_image_from\"", "\"other\""},
                                                        {"\"files\":[", "\"files\":[7,"},
                                                        {"\"old_registries\":false", "\"old_registries\":0"},
                                                        {"\"version\":\"2.1.9\"", "\"version\":2"}}) {
    std::string bad = good;
    const auto at = bad.find(from);
    ASSERT_NE(std::string::npos, at) << from << good;
    bad.replace(at, from.size(), to);
    EXPECT_FALSE(ParseNote(bad).ok()) << bad;
  }
  EXPECT_FALSE(ParseNote("").ok());
  EXPECT_FALSE(ParseNote(good + std::string(limits::kNoteBytes, ' ')).ok());
}

TEST_F(SettingsTest, TheNoteCountsAndTheLastKnownStays) {
  Write("main.toml", kMain3);
  Configuration plain(Path("main.toml"), "");
  EXPECT_EQ("main/pause:1", Image(plain.Get()));
  Configuration known(Path("main.toml"), Path("containerd.json"));
  EXPECT_EQ("main/pause:1", Image(known.Get())) << "no note yet: from the files";
  Write("containerd.json", ToText(OneNote()));
  ::usleep(1000 * static_cast<useconds_t>(limits::kSettingsAge.count() + 50));
  EXPECT_EQ("reg.io/pause:1", Image(known.Get()));
  Write("containerd.json", "torn");
  ::usleep(1000 * static_cast<useconds_t>(limits::kSettingsAge.count() + 50));
  EXPECT_EQ("reg.io/pause:1", Image(known.Get())) << "the last known stays";
  Configuration nothing(Path("absent"), Path("absent.json"));
  EXPECT_EQ(ErrorCode::kNotFound, nothing.Get().error().code);
}

}  // namespace
}  // namespace pullseal::containerd
