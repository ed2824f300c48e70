// SPDX-License-Identifier: Apache-2.0
// Shows pages to browsers of this machine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tiepoint {

struct ServedPage {
  std::string html;
  // Whether the browser runs its scripts; not for HTML that others may have
  // written.
  bool scripts = true;
};

// Listens on 127.0.0.1 and nothing else, answers GET alone, and only requests
// whose Host is this machine (local_host.h). Pages may load nothing from
// anywhere: their headers tell the browser so.
class PageServer {
 public:
  // The page of a path such as "/model/0"; nothing: there is no such page. Is
  // asked by one thread at a time. What it throws becomes a page that says it.
  using Pages = std::function<std::optional<ServedPage>(const std::string&)>;

  // Binds the port; 0: a free one. Throws InputError when that is not possible,
  // because another program has it for example.
  PageServer(int port, Pages pages);
  ~PageServer();

  int Port() const;
  // "http://127.0.0.1:PORT/"
  std::string Address() const;
  // Answers until RequestInterrupt() (base/parallel.h), then throws
  // Interrupted.
  void Run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tiepoint
