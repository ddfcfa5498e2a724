#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

namespace {

std::string problem(const mobivate::UnsubscribeRequest& request) {
  const auto invalid = mobivate::validate(request);
  return invalid ? invalid->field + ": " + invalid->reason : "none";
}

}  // namespace

TEST_CASE("The pages' own examples are valid") {
  CHECK(problem(support::ndoi_request()) == "none");
  CHECK(problem(support::kenya_request()) == "none");
}

TEST_CASE("A number is suggested only where it can't be another subscriber's") {
  auto request = support::ndoi_request();
  const auto [written, answer] = GENERATE(table<std::string, std::string>({
      {"+254743210492", "write 254743210492, without the leading +"},
      {"+1", "write 1, without the leading +"},
      {"+123456789012345", "write 123456789012345, without the leading +"},
      {"254 743 210492", "write 254743210492, digits only"},
      {"+254 743-210-492", "write 254743210492, digits only"},
      {"+1234567890123456", "holds \"+\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"254743210491 254743210492",
       "holds a space, which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"+0743210492", "holds \"+\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"0743 210 492", "holds a space, which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"254743210492 ", "holds a space, which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"-254743210492", "holds \"-\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"+", "holds \"+\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"++254743210492", "holds \"+\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"254743210491.0", "holds \".\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"2.54743E+11", "holds \".\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"254743210491 ext 4",
       "holds a space, which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"+44 (0) 20 7946 0000",
       "holds \"+\", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
      {"XX 7432104492", "holds a space, which can't be sent: write 1 to 64 of 0-9, A-Z and a-z"},
  }));
  request.destination = written;
  CHECK(problem(request) == "destination: " + answer);
}

TEST_CASE("What can't be sent in a destination is shown so that it can be seen") {
  auto request = support::ndoi_request();
  const auto [written, shown] = GENERATE(table<std::string, std::string>({
      {"2547\t", "a tab"},
      {"2547\r", "a carriage return"},
      {"2547\n", "a line break"},
      {"\"2547\"", "a quote"},
      {std::string("2547\0", 5), "U+0000"},
      {"2547\x7F", "U+007F"},
      {"2547:", "\":\""},
      {"2547\xE2\x80\xAA", "U+202A"},
      {"2547\xC2\xA0", "U+00A0"},
      {"\xE2\x80\xAA"
       "2547",
       "U+202A"},
      {"2547\xC3\xA9", "U+00E9"},
      {"2547\xF0\x9F\x8E\xB5", "U+1F3B5"},
      {"2547\xA0", "0xA0"},
      {"2547\xE2\x80", "0xE2"},
      {"2547\xC0\x80", "0xC0"},
      {"2547\xC1\xBF", "0xC1"},
      {"2547\xE0\x9F\xBF", "0xE0"},
      {"2547\xE0\xA0\x80", "U+0800"},
      {"2547\xED\xA0\x80", "0xED"},
      {"2547\xED\x9F\xBF", "U+D7FF"},
      {"2547\xF0\x8F\xBF\xBF", "0xF0"},
      {"2547\xF0\x90\x80\x80", "U+10000"},
      {"2547\xF4\x8F\xBF\xBF", "U+10FFFF"},
      {"2547\xF4\x90\x80\x80", "0xF4"},
      {"2547\xF5\x80\x80\x80", "0xF5"},
      {"2547\xC2\x20", "0xC2"},
      {"2547\xC2\xC0", "0xC2"},
  }));
  request.destination = written;
  CHECK(problem(request) ==
        "destination: holds " + shown + ", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z");
}

TEST_CASE("A national number is refused, a longer hashed number that begins with 0 is not") {
  auto request = support::ndoi_request();
  const std::string national =
      "destination: begins with 0: write the number with its country code and without leading "
      "zeros";
  for (const char* number : {"0", "0743210492", "00254743210492", "012345678901234"}) {
    request.destination = number;
    CHECK(problem(request) == national);
  }
  for (const char* hashed :
       {"0123456789012345", "0a43210492", "00000000000000000000000000000001"}) {
    request.destination = hashed;
    CHECK(problem(request) == "none");
  }
}

TEST_CASE("A destination has 1 to 64 characters") {
  auto request = support::ndoi_request();
  request.destination = "";
  CHECK(problem(request) ==
        "destination: is empty: write the subscriber's MSISDN with its country code, for example "
        "254743210492, or the hashed number that the operator gave you");
  request.destination = std::string(64, '7');
  CHECK(problem(request) == "none");
  request.destination = std::string(65, '7');
  CHECK(problem(request) == "destination: is 65 characters long: write at most 64");
}

TEST_CASE("NDOI needs an amount and a provider, and names the way out for Kenya") {
  auto request = support::ndoi_request();
  SECTION("amount") {
    request.amount.reset();
    CHECK(problem(request) ==
          "amount: is not set: write the amount in cents; only a Web Opt-In Kenya service "
          "(Stop::one) can leave it out");
  }
  SECTION("provider") {
    request.provider.clear();
    CHECK(problem(request) ==
          "provider: is empty: write the network, for example safaricom; only a Web Opt-In Kenya "
          "service (Stop::one) can leave it out");
  }
}

TEST_CASE("Texts are limited in bytes") {
  auto request = support::kenya_request();
  const auto field =
      GENERATE(values<std::pair<std::string, std::string mobivate::UnsubscribeRequest::*>>({
          {"keyword", &mobivate::UnsubscribeRequest::keyword},
          {"campaign", &mobivate::UnsubscribeRequest::campaign},
          {"provider", &mobivate::UnsubscribeRequest::provider},
          {"reference", &mobivate::UnsubscribeRequest::reference},
      }));
  request.*field.second = std::string(256, 'x');
  CHECK(problem(request) == "none");
  request.*field.second += 'x';
  CHECK(problem(request) == field.first + ": is 257 bytes long: write at most 256");
}

TEST_CASE("The first wrong field is the one named, with what to write") {
  mobivate::UnsubscribeRequest request;
  CHECK(problem(request) == "source: is 0: write your service's shortcode, for example 12345");
  request.source = 1;
  CHECK(problem(request).rfind("destination: is empty: ", 0) == 0);
  request.destination = "254743210492";
  CHECK(problem(request) ==
        "keyword: is empty: write your service's keyword, for example mv-100620006");
  request.keyword = "mv-100620006";
  CHECK(problem(request).rfind("amount: is not set: ", 0) == 0);
  request.amount = 0;
  request.frequency = 0;
  CHECK(problem(request) == "frequency: is 0: write 1 or more days, or leave it unset");
  request.frequency = 1;
  CHECK(problem(request).rfind("provider: is empty: ", 0) == 0);
  request.provider = "safaricom";
  CHECK(problem(request) == "reference: is empty: write your unique reference of this request");
  request.reference = "ABC1234";
  CHECK(problem(request) == "none");
}

TEST_CASE("A number that was cast to Stop is refused") {
  auto request = support::ndoi_request();
  request.stop = static_cast<mobivate::Stop>(7);
  CHECK(problem(request) == "stop: is not a value of Stop: write Stop::flag or Stop::one");
}

TEST_CASE("Requests are equal if all their fields are") {
  const auto request = support::ndoi_request();
  CHECK(request == support::ndoi_request());
  CHECK_FALSE(request != support::ndoi_request());
  using Request = mobivate::UnsubscribeRequest;
  const std::vector<std::function<void(Request&)>> changes{
      [](Request& it) { ++it.source; },
      [](Request& it) { it.destination += '1'; },
      [](Request& it) { it.keyword += '1'; },
      [](Request& it) { it.amount.reset(); },
      [](Request& it) { it.frequency = 8; },
      [](Request& it) { it.campaign += '1'; },
      [](Request& it) { it.provider += '1'; },
      [](Request& it) { it.reference += '1'; },
      [](Request& it) { it.stop = mobivate::Stop::one; }};
  for (const auto& change : changes) {
    auto other = request;
    change(other);
    CHECK(request != other);
    CHECK_FALSE(request == other);
  }
}
