// Runs a gateway on this machine and stops a few of its subscribers.

#include <iomanip>
#include <iostream>
#include <string>

#include <mobivate/doi_client.hpp>

#include "gateway/local_gateway.hpp"

namespace {

std::string_view meaning(mobivate::StopState state) {
  switch (state) {
    case mobivate::StopState::accepted:
      return "stopped: the gateway took it";
    case mobivate::StopState::refused:
      return "no change: the gateway refused, and said why";
    case mobivate::StopState::not_sent:
      return "as before: nothing was sent";
    case mobivate::StopState::unknown:
      break;
  }
  return "unknown: stopped or not, so send it again";
}

void print_gateway(const local_gateway::Subscriptions& subscriptions) {
  std::uint64_t billed = 0;
  for (const auto& it : subscriptions.all()) {
    billed += it.billed_cents;
    std::cout << "  " << std::left << std::setw(14) << it.destination << it.source << "  "
              << it.keyword << "  " << to_string(it.state) << '\n';
  }
  std::cout << "  billed: " << (billed == 0 ? "nobody" : std::to_string(billed) + " cents") << '\n';
}

}  // namespace

int main() {
  local_gateway::LocalGateway gateway;
  using State = local_gateway::Subscription::State;
  auto& subscriptions = gateway.subscriptions();
  subscriptions.add({12345, "mv-100620006", "XX7432104492", State::active});
  subscriptions.add({12345, "mv-100620006", "254743210492", State::active});
  subscriptions.add({12345, "mv-100620006", "254700000541", State::pending});
  subscriptions.add({12345, "mv-100620006", "254711111111", State::active});

  std::cout << "A local gateway listens on " << gateway.base_url() << " and knows:\n";
  print_gateway(subscriptions);

  std::string url = "none";
  mobivate::ClientOptions options;
  options.base_url = gateway.base_url();
  options.account_id = gateway.options().account_id;
  options.api_key = mobivate::Secret(gateway.options().api_key);
  options.on_attempt = [&url](const mobivate::Attempt& attempt) { url = attempt.url; };
  const mobivate::DoiClient client(options);

  const auto stop = [&](const char* title, const mobivate::UnsubscribeRequest& request) {
    url = "none";
    const auto result = client.unsubscribe(request);
    std::cout << '\n'
              << title << "\n  sent        " << url << "\n  result      " << result
              << "\n  subscriber  " << meaning(mobivate::stop_state(result)) << '\n';
  };

  mobivate::UnsubscribeRequest ndoi;
  ndoi.source = 12345;
  ndoi.destination = "XX7432104492";
  ndoi.keyword = "mv-100620006";
  ndoi.amount = 100;
  ndoi.frequency = 7;
  ndoi.campaign = "Test";
  ndoi.provider = "safaricom";
  ndoi.reference = "ABC1234";
  stop("Network Double Opt-in, with its page's own values", ndoi);

  mobivate::UnsubscribeRequest kenya;
  kenya.source = 12345;
  kenya.destination = "254743210492";
  kenya.keyword = "mv-100620006";
  kenya.frequency = 7;
  kenya.campaign = "TestCampaign";
  kenya.reference = "MyRef";
  kenya.stop = mobivate::Stop::one;
  stop("Web Opt-In Kenya, with its page's own values", kenya);

  ndoi.reference = "ABC1235";
  stop("A subscriber that is stopped already", ndoi);

  ndoi.destination = "254700000541";
  ndoi.reference = "ABC1236";
  stop("A subscriber that has not confirmed the double opt-in", ndoi);

  ndoi.destination = "+254711111111";
  ndoi.reference = "ABC1237";
  stop("A number that is typed wrongly", ndoi);

  std::cout << "\nThe gateway saw " << gateway.requests() << " requests on "
            << gateway.connections() << " connection, and now knows:\n";
  print_gateway(subscriptions);
}
