// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_TESTS_VERIFY_PREDICATE_REAL_STATEMENTS_H_
#define PULLSEAL_TESTS_VERIFY_PREDICATE_REAL_STATEMENTS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/json/value.h"
#include "verify/signature/dsse.h"
#include "verify/signature/statement.h"

// Attestations out of the wild: slsa-verifier's test data.
namespace pullseal::predicate {

inline std::filesystem::path RealFolder() {
  const char* folder = std::getenv("PULLSEAL_TESTDATA");
  return std::filesystem::path(folder != nullptr ? folder : "") / "slsa";
}

inline std::string RealText(const std::filesystem::path& file) {
  auto text = ReadFile(file.string(), std::size_t{1} << 20U);
  EXPECT_TRUE(text.ok()) << file;
  return text ? std::string(text->begin(), text->end()) : std::string();
}

inline signature::Statement StatementOf(const json::Value& envelope) {
  auto parsed = signature::DsseEnvelope::Parse(envelope);
  EXPECT_TRUE(parsed.ok());
  auto statement = signature::Statement::Parse(parsed->payload);
  EXPECT_TRUE(statement.ok());
  return std::move(*statement);
}

// Of a bundle, or of a bare envelope.
inline signature::Statement RealBundleStatement(const std::string& file) {
  std::string text = RealText(RealFolder() / file);
  const auto value = json::Parse(text);
  EXPECT_TRUE(value.ok()) << file;
  const json::Value* envelope = value->Find("dsseEnvelope");
  return StatementOf(envelope != nullptr ? *envelope : *value);
}

// Of the layer of an attestation in the layout of one release of the container generator.
inline signature::Statement RealContainerStatement(const std::string& version) {
  const auto folder = RealFolder() / "gha_generic_container" / version / "container_workflow_dispatch/blobs/sha256";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.file_size() > (std::size_t{1} << 18U)) continue;
    const auto value = json::Parse(RealText(entry.path()));
    if (value && value->Find("payloadType") != nullptr) return StatementOf(*value);
  }
  ADD_FAILURE() << "no attestation in " << folder;
  return {};
}

}  // namespace pullseal::predicate

#endif  // PULLSEAL_TESTS_VERIFY_PREDICATE_REAL_STATEMENTS_H_
