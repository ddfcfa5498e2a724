#include <string>
#include <utility>

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

TEST_CASE("A destination written by hand is answered with how to write it") {
  auto request = support::ndoi_request();
  const auto [written, answer] = GENERATE(table<std::string, std::string>({
      {"+254743210492", "write 254743210492, without the leading +"},
      {"254 743 210492", "write 254743210492, without spaces, signs or line breaks"},
      {"+254 (743) 210-492", "write 254743210492, without spaces, signs or line breaks"},
      {"254743210492\n", "write 254743210492, without spaces, signs or line breaks"},
      {"254743210492+", "write 254743210492, without spaces, signs or line breaks"},
      {"tel:254743210492",
       "holds a character that is no digit or letter: write 1 to 64 of 0-9, A-Z and a-z"},
      {"254743210492é",
       "holds a character that is no digit or letter: write 1 to 64 of 0-9, A-Z and a-z"},
      {"+", "holds a character that is no digit or letter: write 1 to 64 of 0-9, A-Z and a-z"},
      {std::string("2547\0", 5),
       "holds a character that is no digit or letter: write 1 to 64 of 0-9, A-Z and a-z"},
      {std::string(65, '7'), "is 65 characters long: write at most 64"},
      {"",
       "is empty: write the subscriber's MSISDN with its country code, for example "
       "254743210492, or the hashed number the operator gave you"},
  }));
  request.destination = written;
  CHECK(problem(request) == "destination: " + answer);
}

TEST_CASE("NDOI needs an amount and a provider, and names the way out for Kenya") {
  auto request = support::ndoi_request();
  SECTION("amount") {
    request.amount.reset();
    CHECK(problem(request) ==
          "amount: is not set: write the amount in cents; only a Web Opt-In Kenya service "
          "(Stop::one) can do without");
  }
  SECTION("provider") {
    request.provider.clear();
    CHECK(problem(request) ==
          "provider: is empty: write the network, for example safaricom; only a Web Opt-In Kenya "
          "service (Stop::one) can do without");
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

TEST_CASE("The first wrong field is the one named") {
  mobivate::UnsubscribeRequest request;
  CHECK(problem(request).rfind("source: ", 0) == 0);
  request.source = 12345;
  CHECK(problem(request).rfind("destination: ", 0) == 0);
  request.destination = "254743210492";
  CHECK(problem(request).rfind("keyword: ", 0) == 0);
  request.keyword = "mv-100620006";
  CHECK(problem(request).rfind("amount: ", 0) == 0);
  request.amount = 0;
  request.frequency = 0;
  CHECK(problem(request).rfind("frequency: ", 0) == 0);
  request.frequency = 1;
  CHECK(problem(request).rfind("provider: ", 0) == 0);
  request.provider = "safaricom";
  CHECK(problem(request).rfind("reference: ", 0) == 0);
  request.reference = "ABC1234";
  CHECK(problem(request) == "none");
}

TEST_CASE("A number that was cast to Stop is refused") {
  auto request = support::ndoi_request();
  request.stop = static_cast<mobivate::Stop>(7);
  CHECK(problem(request) == "stop: is no value of Stop: write Stop::flag or Stop::one");
}
