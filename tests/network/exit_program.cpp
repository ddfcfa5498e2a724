// Ends while calls are under way:  exit_program BASE_URL CA_FILE SCENARIO [PLUGIN…]
// Prints what calls return that begin when the exit has begun, and how many threads are inside
// libcurl then.

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <mobivate/detail/exit.hpp>

#include "support.hpp"

namespace {

std::unique_ptr<mobivate::DoiClient> global_client;
std::atomic<bool> has_ended{false};

mobivate::DoiClient& client_of(const std::string& base_url, const std::string& ca) {
  static auto* const leaked =
      new mobivate::DoiClient(support::options(base_url), support::trusting(ca));
  return *leaked;
}

/// Destroyed after the library's own exit handler has run.
struct Late {
  ~Late() {
    has_ended = true;
    if (client == nullptr) return;
    const auto request = support::ndoi_request();
    std::cout << client->unsubscribe(request) << '\n'
              << client->unsubscribe_async(request).get() << '\n';
    client->unsubscribe_async(request, [](const auto&) { std::abort(); });
    const auto summary = client->unsubscribe_all(std::vector{request}, [](auto&, auto&) {});
    std::cout << summary.total << '\n' << mobivate::detail::Exit::inside() << std::endl;
  }
  mobivate::DoiClient* client = nullptr;
} late;

/// Starts calls, each followed by another.
void keep_calling(const mobivate::DoiClient& client, int calls) {
  for (int i = 0; i < calls; ++i) {
    client.unsubscribe_async(support::ndoi_request(), [&client](const auto&) {
      if (has_ended) std::abort();
      keep_calling(client, 1);
    });
  }
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const std::string base_url = argv[1];
  const std::string ca = argv[2];
  const std::string scenario = argv[3];
  auto& client = client_of(base_url, ca);
  auto a_moment = std::chrono::milliseconds(100);
  late.client = &client;
  if (scenario == "global") {
    global_client = std::make_unique<mobivate::DoiClient>(client);
    late.client = nullptr;
    keep_calling(*global_client, 200);
  } else if (scenario == "threads") {
    keep_calling(client, 100);
    for (int i = 0; i < 8; ++i) {
      std::thread([&client] {
        while (!has_ended) static_cast<void>(client.unsubscribe(support::ndoi_request()));
      }).detach();
    }
  } else if (scenario == "batch") {
    std::thread([&client] {
      client.unsubscribe_all(
          []() -> std::optional<mobivate::UnsubscribeRequest> { return support::ndoi_request(); },
          [](const auto&, const auto&) {
            if (has_ended) std::abort();
          });
    }).detach();
  } else if (scenario == "callback") {
    keep_calling(client, 200);
    client.unsubscribe_async(support::ndoi_request(), [](const auto&) { std::exit(0); });
    std::this_thread::sleep_for(std::chrono::hours(1));
  } else if (scenario == "thread") {
    keep_calling(client, 200);
    std::this_thread::sleep_for(a_moment);
    std::thread([] { std::exit(0); }).join();
  } else {
    keep_calling(client, 200);
    if (scenario == "handshakes") a_moment = std::chrono::milliseconds(500);
  }
  for (char** plugin = argv + 4; *plugin != nullptr; ++plugin) {
    void* const library = dlopen(*plugin, RTLD_NOW | RTLD_LOCAL);
    void* const function = library == nullptr ? nullptr : dlsym(library, "keep_calling");
    if (function == nullptr) return 1;
    reinterpret_cast<void (*)(const char*, const char*)>(function)(argv[1], argv[2]);
  }
  std::this_thread::sleep_for(a_moment);
}
