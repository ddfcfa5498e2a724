// A shared object with a client of its own: see exit_program.cpp.

#include "support.hpp"

namespace {

void call_again(const mobivate::DoiClient& client) {
  client.unsubscribe_async(support::ndoi_request(), [&client](const auto&) { call_again(client); });
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void keep_calling(const char* base_url,
                                                                    const char* ca) {
  static auto* const client =
      new mobivate::DoiClient(support::options(base_url), support::trusting(ca));
  for (int i = 0; i < 100; ++i) call_again(*client);
}
