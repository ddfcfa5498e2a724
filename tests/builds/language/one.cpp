// With two.cpp: the whole library in two files of one program.
#include <mobivate/doi_client.hpp>
#include <mobivate/testing/mock_transport.hpp>

mobivate::StopState stop(const mobivate::DoiClient& client);

int main() {
  const auto gateway = std::make_shared<mobivate::testing::MockTransport>();
  gateway->reply(200, "MT-1");
  mobivate::ClientOptions options;
  options.base_url = "https://hostname";
  options.account_id = "id";
  options.api_key = mobivate::Secret("key");
  const mobivate::DoiClient client(options, gateway);
  return stop(client) == mobivate::StopState::accepted ? 0 : 1;
}
