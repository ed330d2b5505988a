// SPDX-License-Identifier: Apache-2.0
// What Go's own reader made of documents of images (go_reader/main.go), beside what ours makes of them: where we read a
// document at all, we read what Go reads.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/json/value.h"
#include "image/oci/manifest.h"

namespace pullseal::oci {
namespace {

// "@a" stands for the digest of 64 times that character.
std::string Expanded(const std::string& line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '@') {
      out += "sha256:" + std::string(64, line[++i]);
    } else {
      out += line[i];
    }
  }
  return out;
}

std::string TextOf(const json::Value& vector, const char* name) {
  const std::string* text = vector.FindString(name);
  return text != nullptr ? *text : "";
}

std::vector<std::string> ListOf(const json::Value& vector, const char* name) {
  std::vector<std::string> out;
  const json::Value* list = vector.Find(name);
  if (list == nullptr) return out;
  for (const json::Value& one : *list->array()) out.push_back(*one.string());
  return out;
}

std::string Entry(const Descriptor& one) {
  std::string out = one.digest.text() + " " + std::to_string(one.size);
  if (one.platform) out += " " + one.platform->os + "/" + one.platform->architecture;
  return out + " " + std::to_string(one.annotations.size());
}

void ExpectSame(const json::Value& vector, const Manifest& manifest) {
  std::vector<std::string> entries;
  for (const Descriptor& one : manifest.layers) entries.push_back(Entry(one));
  for (const Descriptor& one : manifest.manifests) entries.push_back(Entry(one));
  EXPECT_EQ(ListOf(vector, "entries"), entries);
  EXPECT_EQ(TextOf(vector, "config"), manifest.config ? manifest.config->digest.text() : "");
  EXPECT_EQ(TextOf(vector, "subject"), manifest.subject ? manifest.subject->digest.text() : "");
  const json::Value* annotations = vector.Find("annotations");
  ASSERT_EQ(annotations != nullptr ? annotations->object()->size() : 0, manifest.annotations.size());
  for (const auto& [name, text] : manifest.annotations) EXPECT_EQ(text, TextOf(*annotations, name.c_str()));
}

void ExpectSame(const json::Value& vector, const ImageConfig& config) {
  std::vector<std::string> ids;
  for (const Digest& one : config.diff_ids) ids.push_back(one.text());
  EXPECT_EQ(ListOf(vector, "diff_ids"), ids);
}

template <typename T>
bool ReadAsGo(const json::Value& vector, const Result<T>& ours) {
  if (!ours) {
    EXPECT_EQ(nullptr, vector.Find("plain")) << ours.error().message;
    return false;
  }
  EXPECT_EQ(nullptr, vector.Find("error"));
  ExpectSame(vector, *ours);
  return true;
}

TEST(GoReaderTest, WhatIsReadIsReadAsGoReadsIt) {
  std::ifstream file(PULLSEAL_GO_VECTORS);
  int read = 0;
  int refused = 0;
  for (std::string line; std::getline(file, line);) {
    const auto vector = json::Parse(Expanded(line));
    ASSERT_TRUE(vector.ok()) << line;
    SCOPED_TRACE(line);
    const std::string document = TextOf(*vector, "document");
    const bool same = TextOf(*vector, "kind") == "config" ? ReadAsGo(*vector, ImageConfig::Parse(AsBytes(document)))
                                                          : ReadAsGo(*vector, Manifest::Parse(AsBytes(document), ""));
    ++(same ? read : refused);
  }
  EXPECT_GT(read, 80);
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace pullseal::oci
