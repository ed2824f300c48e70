// SPDX-License-Identifier: Apache-2.0
#include "view/local_host.h"

#include <gtest/gtest.h>

namespace tiepoint {
namespace {

TEST(LocalHost, ThisMachine) {
  for (const char* host : {"localhost", "127.0.0.1", "localhost:80",
                           "127.0.0.1:45678", "LocalHost:1"}) {
    EXPECT_TRUE(IsLocalHost(host)) << host;
  }
}

TEST(LocalHost, OthersThatWereMadeToPointHere) {
  for (const char* host :
       {"", ":80", "example.org", "example.org:80", "localhost.example.org",
        "127.0.0.1.example.org", "127.0.0.1:80.example.org",
        "localhost:", "localhost:8a", "localhost:123456", "localhost ",
        "127.0.0.2", "[::1]:80", "0.0.0.0", "127.1", "localhost@example.org"}) {
    EXPECT_FALSE(IsLocalHost(host)) << host;
  }
}

}  // namespace
}  // namespace tiepoint
