// SPDX-License-Identifier: Apache-2.0
#include "image/registry/link.h"

#include <gtest/gtest.h>

namespace pullseal::registry {
namespace {

Result<std::string> Next(const std::vector<std::string>& fields) {
  http::HttpResponse response;
  for (const std::string& field : fields) response.headers.emplace("link", field);
  return NextLink(response);
}

TEST(LinkTest, FindsTheNextPageHoweverItIsWritten) {
  for (const std::vector<std::string>& fields :
       std::vector<std::vector<std::string>>{{"</p2>; rel=\"next\""},
                                             {"</p2>;rel=next"},
                                             {"</p2>; rel=\"NEXT\""},
                                             {"</p2>; Rel=next"},
                                             {"</p2> ; rel = \"next last\""},
                                             {"</s.css>; rel=\"preload\", </p2>; rel=\"next\""},
                                             {"</>; rel=\"preconnect\"", "</p2>; rel=\"next\""},
                                             {"</p2>; title=\"a, b; rel=x\"; rel=\"next\""},
                                             {"</p2>; rel=\"n\\ext\""},
                                             {", </p2>; rel=next,"},
                                             {"</p2>; rel=next", "</p2>; rel=next"},
                                             {"broken", "</p2>; rel=next"}}) {
    const auto next = Next(fields);
    ASSERT_TRUE(next.ok()) << fields.front() << next.error().message;
    EXPECT_EQ("/p2", *next) << fields.front();
  }
}

TEST(LinkTest, OtherLinksAreNone) {
  for (const std::vector<std::string>& fields :
       std::vector<std::vector<std::string>>{{},
                                             {""},
                                             {"</p2>; rel=\"prev\""},
                                             {"</p2>; rel=\"nextpage\""},
                                             {"</p2>; rel=\"prev\"; rel=\"next\""},
                                             {"</p2>; rel=\"next\"; anchor=\"/other\""},
                                             {"</p2>; title=\"next\""},
                                             {"</p2>"},
                                             {"no link at all"}}) {
    const auto next = Next(fields);
    ASSERT_TRUE(next.ok()) << next.error().message;
    EXPECT_EQ("", *next) << (fields.empty() ? "" : fields.front());
  }
}

// Nobody knows whether it was the last page.
TEST(LinkTest, WhatMayBeANextPageIsTrouble) {
  for (const std::vector<std::string>& fields :
       std::vector<std::vector<std::string>>{{"</p2; rel=\"next\""},
                                             {"</p2>; rel=\"next"},
                                             {"/p2; rel=next"},
                                             {"</p2> rel=next"},
                                             {"<>; rel=next"},
                                             {"</p2>; rel=next, </p3>; rel=next"},
                                             {"</p2>; rel=next", "</p3>; rel=next"}}) {
    EXPECT_EQ(ErrorCode::kRemote, Next(fields).error().code) << fields.front();
  }
}

}  // namespace
}  // namespace pullseal::registry
