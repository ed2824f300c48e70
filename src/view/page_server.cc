// SPDX-License-Identifier: Apache-2.0
#include "view/page_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#include "tiepoint/base/error.h"
#include "tiepoint/base/parallel.h"
#include "tiepoint/report/index_page.h"
#include "view/local_host.h"

namespace tiepoint {
namespace {

constexpr char kAddress[] = "127.0.0.1";
constexpr char kHtml[] = "text/html; charset=utf-8";
// Pages hold what they need, and reach nobody.
constexpr char kPolicyHeader[] = "Content-Security-Policy";
std::string Policy(bool scripts) {
  return "default-src 'none'; script-src " +
         std::string(scripts ? "'unsafe-inline'" : "'none'") +
         "; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'";
}

void Answer(httplib::Response& response, int status, const std::string& title,
            const std::string& line) {
  response.status = status;
  response.set_header(kPolicyHeader, Policy(/*scripts=*/false));
  response.set_content(MessagePage(title, line), kHtml);
}

}  // namespace

struct PageServer::Impl {
  void Handle(const httplib::Request& request, httplib::Response& response) {
    try {
      const std::scoped_lock lock(mutex);
      const auto page = pages(request.path);
      if (page) {
        response.status = 200;
        response.set_header(kPolicyHeader, Policy(page->scripts));
        response.set_content(page->html, kHtml);
      } else {
        Answer(response, 404, "Not found", request.path + ": no such page");
      }
    } catch (const std::bad_alloc&) {
      Answer(response, 500, "This cannot be shown", "not enough memory");
    } catch (const std::exception& error) {
      Answer(response, 500, "This cannot be shown", error.what());
    }
  }

  Pages pages;
  std::mutex mutex;
  httplib::Server server;
  int port = 0;
};

PageServer::PageServer(int port, Pages pages)
    : impl_(std::make_unique<Impl>()) {
  impl_->pages = std::move(pages);
  httplib::Server& server = impl_->server;
  // Not httplib's own SO_REUSEPORT, with which two programs share a port and
  // nobody is told.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                              {"Cross-Origin-Resource-Policy", "same-origin"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cache-Control", "no-store"}});
  server.set_keep_alive_timeout(1);
  server.set_payload_max_length(1 << 16);
  using Handler = httplib::Server::HandlerResponse;
  server.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        if (!IsLocalHost(request.get_header_value("Host"))) {
          Answer(response, 403, "Forbidden",
                 "Only http://127.0.0.1 and http://localhost are answered.");
        } else if (request.method != "GET") {
          Answer(response, 405, "Not allowed", "Only GET is answered.");
        } else {
          impl_->Handle(request, response);
        }
        return Handler::Handled;
      });
  if (port == 0) {
    impl_->port = server.bind_to_any_port(kAddress);
  } else if (server.bind_to_port(kAddress, port)) {
    impl_->port = port;
  }
  if (impl_->port <= 0) {
    throw InputError("port " + std::to_string(port) +
                     " of 127.0.0.1 cannot be used (another program has it, or "
                     "it is reserved); --port 0 takes a free one");
  }
}

PageServer::~PageServer() = default;

int PageServer::Port() const { return impl_->port; }

std::string PageServer::Address() const {
  return "http://" + std::string(kAddress) + ":" + std::to_string(impl_->port) +
         "/";
}

void PageServer::Run() {
  std::atomic<bool> ended = false;
  std::jthread thread([&] {
    impl_->server.listen_after_bind();
    ended = true;
  });
  const auto wait = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  while (!InterruptRequested() && !ended) wait();
  if (!InterruptRequested()) throw InputError(Address() + ": ended by itself");
  // stop() before the server runs would be forgotten.
  while (!impl_->server.is_running() && !ended) wait();
  impl_->server.stop();
  thread.join();
  throw Interrupted();
}

}  // namespace tiepoint
