// Must not compile: a `next` that returns a plain request never ends.
#include <mobivate/doi_client.hpp>

void stop_all(const mobivate::DoiClient& client) {
  client.unsubscribe_all([] { return mobivate::UnsubscribeRequest{}; },
                         [](const auto&, const auto&) {});
}
