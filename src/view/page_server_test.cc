// SPDX-License-Identifier: Apache-2.0
#include "view/page_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"

namespace tiepoint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

int Connect(const char* address, int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address, &place.sin_addr);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&place), sizeof(place)) !=
      0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

class PageServerTest : public ::testing::Test {
 protected:
  PageServerTest()
      : server_(0, [](const std::string& path) -> std::optional<ServedPage> {
          if (path == "/bad") throw InputError("a.jpg: <gone>");
          if (path == "/broken") throw std::out_of_range("map::at");
          if (path == "/foreign") return ServedPage{"<script>", false};
          if (path == "/") return ServedPage{"<p>the page</p>"};
          return std::nullopt;
        }) {
    thread_ =
        std::jthread([this] { EXPECT_THROW(server_.Run(), Interrupted); });
  }
  ~PageServerTest() override {
    RequestInterrupt();
    thread_.join();
    ClearInterrupt();
  }

  // All that comes back for these bytes.
  std::string Send(const std::string& request) const {
    const int descriptor = Connect("127.0.0.1", server_.Port());
    EXPECT_GE(descriptor, 0);
    EXPECT_EQ(send(descriptor, request.data(), request.size(), 0),
              std::ssize(request));
    std::string answer;
    char buffer[4096];
    for (ssize_t n; (n = recv(descriptor, buffer, sizeof(buffer), 0)) > 0;) {
      answer.append(buffer, n);
    }
    close(descriptor);
    return answer;
  }
  std::string Get(const std::string& path, const std::string& host) const {
    return Send("GET " + path + " HTTP/1.1\r\nHost: " + host +
                "\r\nConnection: close\r\n\r\n");
  }

  PageServer server_;
  std::jthread thread_;
};

TEST_F(PageServerTest, PagesOfThisMachine) {
  EXPECT_EQ(server_.Address(),
            "http://127.0.0.1:" + std::to_string(server_.Port()) + "/");
  const std::string port = std::to_string(server_.Port());
  for (const std::string& host : {"127.0.0.1:" + port, "localhost:" + port}) {
    const std::string answer = Get("/", host);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("<p>the page</p>"));
    EXPECT_THAT(answer, HasSubstr("default-src 'none'"));
  }
  EXPECT_THAT(Get("/x", "localhost"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get("/../../etc/passwd", "localhost"),
              StartsWith("HTTP/1.1 404"));
}

TEST_F(PageServerTest, AnErrorIsAPage) {
  const std::string answer = Get("/bad", "localhost");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, HasSubstr("a.jpg: &lt;gone&gt;"));
  const std::string other = Get("/broken", "localhost");
  EXPECT_THAT(other, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(other, HasSubstr("<p>map::at</p>"));
  EXPECT_THAT(other, Not(HasSubstr("EXCEPTION")));
}

TEST_F(PageServerTest, ScriptsOfOthersDoNotRun) {
  const std::string ours = Get("/", "localhost");
  EXPECT_THAT(ours, HasSubstr("script-src 'unsafe-inline'"));
  for (const char* path : {"/foreign", "/bad", "/none"}) {
    const std::string answer = Get(path, "localhost");
    EXPECT_THAT(answer, HasSubstr("script-src 'none'")) << path;
    EXPECT_THAT(answer, Not(HasSubstr("script-src 'unsafe-inline'"))) << path;
  }
}

TEST_F(PageServerTest, OtherHostsAndMethodsAreRefused) {
  for (const char* host : {"example.org", "127.0.0.1.example.org", ""}) {
    const std::string answer = Get("/", host);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 403")) << host;
    EXPECT_THAT(answer, Not(HasSubstr("the page")));
  }
  EXPECT_THAT(Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403"))
      << "no Host";
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string answer =
        Send(std::string(method) +
             " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
             "Connection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405")) << method;
    EXPECT_THAT(answer, Not(HasSubstr("the page")));
  }
}

// Nothing but 127.0.0.1 is listened on: not even the rest of the loopback.
TEST_F(PageServerTest, LoopbackOnly) {
  const int other = Connect("127.0.0.2", server_.Port());
  EXPECT_LT(other, 0);
  if (other >= 0) close(other);
}

TEST_F(PageServerTest, APortIsNotShared) {
  try {
    const PageServer second(server_.Port(), {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(server_.Port())));
    EXPECT_THAT(error.what(), HasSubstr("--port 0"));
  }
}

}  // namespace
}  // namespace tiepoint
