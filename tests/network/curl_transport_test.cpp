#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <mobivate/detail/curl/connections.hpp>
#include <mobivate/detail/curl/easy.hpp>
#include <mobivate/detail/curl/errors.hpp>

#include "catch.hpp"
#include "gateway/local_gateway.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

using local_gateway::LocalGateway;
using mobivate::StopState;
using support::TemporaryFile;
using support::trusting;
using Kind = mobivate::TransportError::Kind;
using State = local_gateway::Subscription::State;

std::string numbered(int i) {
  return "2547000" + std::to_string(10'000 + i);
}

void add_subscribers(LocalGateway& gateway, int count) {
  for (int i = 0; i < count; ++i) {
    gateway.subscriptions().add({12345, "mv-100620006", numbered(i)});
  }
}

mobivate::UnsubscribeRequest request_for(int i) {
  auto request = support::ndoi_request();
  request.destination = numbered(i);
  request.reference = "ref-" + std::to_string(i);
  return request;
}

Kind kind_of(const mobivate::UnsubscribeResult& result) {
  CAPTURE(result);
  REQUIRE(std::holds_alternative<mobivate::TransportError>(result));
  return std::get<mobivate::TransportError>(result).kind;
}

}  // namespace

TEST_CASE("Stops reach the gateway, and nobody is ever subscribed or billed") {
  local_gateway::Options run;
  run.plain_text = GENERATE(false, true);
  LocalGateway gateway(run);
  auto& subscriptions = gateway.subscriptions();
  subscriptions.add({12345, "mv-100620006", "XX7432104492", State::active});
  subscriptions.add({12345, "mv-100620006", "254700000541", State::pending});
  const mobivate::DoiClient client(support::options(gateway.base_url()));

  auto request = support::ndoi_request();
  CHECK(stop_state(client.unsubscribe(request)) == StopState::accepted);
  CHECK(stop_state(client.unsubscribe(request)) == StopState::accepted);  // the same once more
  request = support::kenya_request();
  CHECK(stop_state(client.unsubscribe(request)) == StopState::refused);  // already gone
  subscriptions.add({12345, "mv-100620006", "XX7432104492", State::active});
  CHECK(stop_state(client.unsubscribe(request)) == StopState::accepted);
  request.keyword = "another";
  CHECK(stop_state(client.unsubscribe(request)) == StopState::refused);
  request = support::ndoi_request();
  request.destination = "254700000541";
  const auto held = client.unsubscribe(request);
  CHECK(std::get<mobivate::GatewayError>(held).code == 541);

  CHECK(gateway.requests() == 6);
  for (const auto& subscription : subscriptions.all()) {
    CHECK(subscription.state != State::active);
    CHECK(subscription.billed_cents == 0);
  }
}

TEST_CASE("The local gateway does subscribe and bill on a GET without stop") {
  LocalGateway gateway;
  gateway.subscriptions().add_service(12345, "mv-100620006");
  auto url = mobivate::build_url(gateway.base_url(), support::account_id, support::api_key,
                                 support::ndoi_request());
  url.erase(url.rfind("&stop"));
  mobivate::CurlTransport transport;
  const auto sent = transport.send({url, {}, std::chrono::seconds(5), std::chrono::seconds(5)});
  CHECK(std::get<mobivate::HttpResponse>(sent).status == 200);
  REQUIRE(gateway.subscriptions().all().size() == 1);
  CHECK(gateway.subscriptions().all()[0].state == State::active);
  CHECK(gateway.subscriptions().all()[0].billed_cents == 100);
}

TEST_CASE("Wrong credentials are a refusal in the gateway's words") {
  LocalGateway gateway;
  auto options = support::options(gateway.base_url());
  options.api_key = mobivate::Secret("wrong");
  const auto result = mobivate::DoiClient(options).unsubscribe(support::ndoi_request());
  CHECK(to_string(result) == "refused: Invalid account id or API key");
}

TEST_CASE("Credentials of any bytes arrive as they are") {
  local_gateway::Options run;
  run.account_id = "a/b c?#%2F";
  run.api_key = "k\u00e9y&=+;../\"\\";
  LocalGateway gateway(run);
  gateway.subscriptions().add({12345, "mv-100620006", "XX7432104492"});
  auto options = support::options(gateway.base_url());
  options.account_id = run.account_id;
  options.api_key = mobivate::Secret(run.api_key);
  const auto result = mobivate::DoiClient(options).unsubscribe(support::ndoi_request());
  CHECK(stop_state(result) == StopState::accepted);
}

TEST_CASE("A hundred calls use one connection") {
  local_gateway::Options run;
  const bool tls = GENERATE(false, true);
  if (tls) run.certificate = local_gateway::make_certificate();
  LocalGateway gateway(run);
  add_subscribers(gateway, 100);
  const TemporaryFile ca(tls ? run.certificate->certificate : "");
  const mobivate::DoiClient client(support::options(gateway.base_url()),
                                   trusting(tls ? ca.path() : ""));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(stop_state(client.unsubscribe(request_for(i))) == StopState::accepted);
  }
  CHECK(gateway.requests() == 100);
  CHECK(gateway.connections() == 1);
}

TEST_CASE("A connection that was unused for too long is not used again") {
  std::atomic<int> opened{0};
  const MisbehavingServer server([&](Connection& client) {
    ++opened;
    while (!client.read_request().empty()) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
    }
  });
  const mobivate::detail::CurlShare share;
  const mobivate::HttpRequest request{server.base_url() + "/", {}, 5s, 5s, {}};
  const auto send = [&](mobivate::detail::CurlTransfer& transfer,
                        mobivate::detail::CurlConnections& connections) {
    REQUIRE(transfer.prepare(request, false) == CURLE_OK);
    REQUIRE(connections.add(transfer) == CURLM_OK);
    connections.act(CURL_SOCKET_TIMEOUT, 0);
    transfer.begin();
    for (int running = 1; running > 0;) {
      curl_multi_perform(connections.get(), &running);
      curl_multi_poll(connections.get(), nullptr, 0, 10, nullptr);
    }
    CHECK(std::holds_alternative<mobivate::HttpResponse>(transfer.ended(CURLE_OK).result));
    connections.remove(transfer);
  };
  mobivate::detail::CurlConnections kept_a_second;
  mobivate::detail::CurlConnections kept_a_minute;
  mobivate::detail::CurlTransfer impatient(0, {}, share, 1s);
  mobivate::detail::CurlTransfer usual(1, {}, share);
  send(impatient, kept_a_second);
  send(usual, kept_a_minute);
  CHECK(opened == 2);
  std::this_thread::sleep_for(2'100ms);  // libcurl counts whole seconds
  send(usual, kept_a_minute);
  CHECK(opened == 2);
  send(impatient, kept_a_second);
  CHECK(opened == 3);
}

TEST_CASE("Eight threads on one client use at most eight connections, and resume no TLS session") {
  constexpr int threads = 8;
  constexpr int calls = 25;
  local_gateway::Options run;
  const bool tls = GENERATE(false, true);
  if (tls) run.certificate = local_gateway::make_certificate();
  LocalGateway gateway(run);
  add_subscribers(gateway, 1 + threads * calls);
  const TemporaryFile ca(tls ? run.certificate->certificate : "");
  const mobivate::DoiClient client(support::options(gateway.base_url()),
                                   trusting(tls ? ca.path() : ""));
  REQUIRE(stop_state(client.unsubscribe(request_for(threads * calls))) == StopState::accepted);

  std::atomic<int> accepted{0};
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (int i = 0; i < calls; ++i) {
        const auto result = client.unsubscribe(request_for(t * calls + i));
        if (stop_state(result) == StopState::accepted) ++accepted;
      }
    });
  }
  for (auto& thread : running) thread.join();
  CHECK(accepted == threads * calls);
  CHECK(gateway.connections() <= threads);
  CHECK(gateway.resumed_tls_sessions() == 0);  // one outlives a CA that is no longer trusted
}

TEST_CASE("Over TLS, a certificate that can't be verified ends the call before anything is sent") {
  local_gateway::Options run;
  run.certificate = local_gateway::make_certificate({"localhost", "127.0.0.1"});

  SECTION("trusted") {
    LocalGateway gateway(run);
    gateway.subscriptions().add({12345, "mv-100620006", "XX7432104492"});
    const TemporaryFile ca(run.certificate->certificate);
    const mobivate::DoiClient client(support::options(gateway.base_url()), trusting(ca.path()));
    CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  }
  SECTION("unknown") {
    LocalGateway gateway(run);
    const mobivate::DoiClient client(support::options(gateway.base_url()));
    const auto result = client.unsubscribe(support::ndoi_request());
    CHECK(kind_of(result) == Kind::tls);
    CHECK(stop_state(result) == StopState::not_sent);
    CHECK_FALSE(is_retryable(result));
    CHECK(gateway.requests() == 0);
  }
  SECTION("for another host") {
    run.certificate = local_gateway::make_certificate({"gateway.example"});
    LocalGateway gateway(run);
    const TemporaryFile ca(run.certificate->certificate);
    const mobivate::DoiClient client(support::options(gateway.base_url()), trusting(ca.path()));
    const auto result = client.unsubscribe(support::ndoi_request());
    CHECK(kind_of(result) == Kind::tls);
    CHECK(stop_state(result) == StopState::not_sent);
    CHECK(gateway.requests() == 0);
  }
  SECTION("a CA bundle that is not there") {
    LocalGateway gateway(run);
    const mobivate::DoiClient client(support::options(gateway.base_url()),
                                     trusting("/nonexistent/ca.pem"));
    const auto result = client.unsubscribe(support::ndoi_request());
    CHECK(kind_of(result) == Kind::tls);
    CHECK(stop_state(result) == StopState::not_sent);
  }
}

TEST_CASE("A gateway that is not there is known not to have been reached") {
  std::string base_url;
  {
    const LocalGateway gateway;
    base_url = gateway.base_url();
  }
  const auto refused = mobivate::DoiClient(support::without_retries(support::options(base_url)))
                           .unsubscribe(support::ndoi_request());
  CHECK(kind_of(refused) == Kind::connect);
  CHECK(stop_state(refused) == StopState::not_sent);

  const auto unresolved =
      mobivate::DoiClient(support::without_retries(support::options("https://gateway.invalid")))
          .unsubscribe(support::ndoi_request());
  CHECK(kind_of(unresolved) == Kind::resolve);
  CHECK(stop_state(unresolved) == StopState::not_sent);
}

TEST_CASE("Each libcurl error that a GET can end in has its kind, and says what to check") {
  const auto [code, kind, advice] = GENERATE(table<CURLcode, Kind, std::string>({
      {CURLE_COULDNT_RESOLVE_HOST, Kind::resolve, "; check base_url"},
      {CURLE_COULDNT_RESOLVE_PROXY, Kind::resolve, "; check CurlOptions::proxy"},
      {CURLE_COULDNT_CONNECT, Kind::connect, "; check base_url"},
      {CURLE_INTERFACE_FAILED, Kind::connect, ""},
      {CURLE_PROXY, Kind::connect, "; check CurlOptions::proxy"},
      {CURLE_PEER_FAILED_VERIFICATION, Kind::tls,
       "; to trust a certificate authority of your own, set CurlOptions::ca_bundle"},
      {CURLE_SSL_CONNECT_ERROR, Kind::tls, "; check that base_url has a port that speaks TLS"},
      {CURLE_SSL_CERTPROBLEM, Kind::tls,
       "; check CurlOptions::client_certificate, client_key and client_key_passphrase"},
      {CURLE_SSL_CACERT_BADFILE, Kind::tls,
       "; check CurlOptions::ca_bundle, or the system's CA certificates if it is empty"},
      {CURLE_SSL_CIPHER, Kind::tls, ""},
      {CURLE_OPERATION_TIMEDOUT, Kind::timeout, ""},
      {CURLE_SEND_ERROR, Kind::send, ""},
      {CURLE_RECV_ERROR, Kind::receive, ""},
      {CURLE_GOT_NOTHING, Kind::receive, ""},
      {CURLE_PARTIAL_FILE, Kind::receive, ""},
      {CURLE_HTTP2, Kind::receive, ""},
      {CURLE_HTTP2_STREAM, Kind::receive, ""},
      {CURLE_UNSUPPORTED_PROTOCOL, Kind::receive, ""},
      {CURLE_WEIRD_SERVER_REPLY, Kind::receive, ""},
      {CURLE_BAD_CONTENT_ENCODING, Kind::receive, ""},
      {CURLE_WRITE_ERROR, Kind::receive, "; the answer's body can't be decoded"},
      {CURLE_FILESIZE_EXCEEDED, Kind::too_large, ""},
      {CURLE_ABORTED_BY_CALLBACK, Kind::cancelled, ""},
      {CURLE_URL_MALFORMAT, Kind::other, ""},
      {CURLE_FAILED_INIT, Kind::other, ""},
  }));
  const auto meaning = mobivate::detail::meaning_of(code);
  CHECK(meaning.kind == kind);
  CHECK(meaning.advice == advice);
}

TEST_CASE("What TLS libraries say of a lost handshake, or of a client certificate, is understood") {
  const std::string wanted =
      "; the gateway wants a client certificate, or another one: set "
      "CurlOptions::client_certificate";
  const std::string lost = "; the connection was lost in the TLS handshake";
  const std::string no_tls = "; check that base_url has a port that speaks TLS";
  const auto [code, text, kind, advice] =
      GENERATE_COPY(table<CURLcode, std::string, Kind, std::string>({
          {CURLE_RECV_ERROR, "tlsv13 alert certificate required", Kind::tls, wanted},
          {CURLE_RECV_ERROR, "sslv3 alert bad certificate", Kind::tls, wanted},
          {CURLE_SEND_ERROR, "tlsv1 alert unknown ca", Kind::tls, wanted},
          {CURLE_SSL_CONNECT_ERROR, "tlsv1 alert access denied", Kind::tls, wanted},
          {CURLE_SSL_CONNECT_ERROR, "tlsv1 alert decrypt error", Kind::tls, wanted},
          {CURLE_SSL_CONNECT_ERROR, "tlsv1 alert internal error", Kind::tls, no_tls},
          {CURLE_RECV_ERROR, "A TLS fatal alert has been received", Kind::tls, wanted},
          {CURLE_SEND_ERROR, "A TLS fatal alert has been received", Kind::tls, wanted},
          {CURLE_SSL_CONNECT_ERROR, "A TLS fatal alert has been received", Kind::tls, no_tls},
          {CURLE_RECV_ERROR, "certificate unknown, then alert internal error", Kind::receive, ""},
          {CURLE_RECV_ERROR, "bad certificate", Kind::receive, ""},
          {CURLE_GOT_NOTHING, "tlsv13 alert certificate required", Kind::receive, ""},
          {CURLE_SSL_CONNECT_ERROR, "SSL_connect: Connection reset", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "unexpected eof while reading", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "Error in the pull function", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "Error in the push function", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "was non-properly terminated", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "failed to receive handshake", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "Recv failure: reset", Kind::connect, lost},
          {CURLE_SSL_CONNECT_ERROR, "Send failure: reset", Kind::connect, lost},
          {CURLE_RECV_ERROR, "Recv failure: reset", Kind::receive, ""},
          {CURLE_SSL_CONNECT_ERROR, "wrong version number", Kind::tls, no_tls},
      }));
  CAPTURE(code, text);
  const auto meaning = mobivate::detail::meaning_of(code, text);
  CHECK(meaning.kind == kind);
  CHECK(meaning.advice == advice);
#if LIBCURL_VERSION_NUM >= 0x074D00
  CHECK(mobivate::detail::meaning_of(CURLE_SSL_CLIENTCERT).advice == wanted);
#endif
}

TEST_CASE("Four errors may come from a want of descriptors") {
  using mobivate::detail::may_be_want_of_descriptors;
  for (const CURLcode code : {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST,
                              CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM}) {
    CHECK(may_be_want_of_descriptors(code));
  }
  CHECK_FALSE(may_be_want_of_descriptors(CURLE_RECV_ERROR));
}

TEST_CASE("A transport that is given no URL says so, and can be used again") {
  LocalGateway gateway;
  mobivate::CurlTransport transport;
  const auto refused =
      transport.send({"no URL", {}, std::chrono::seconds(1), std::chrono::seconds(1)});
  CHECK(std::get<mobivate::TransportError>(refused).kind == Kind::other);
  CHECK_FALSE(std::get<mobivate::TransportError>(refused).maybe_delivered);
  const auto sent =
      transport.send({gateway.base_url(), {}, std::chrono::seconds(5), std::chrono::seconds(5)});
  CHECK(std::get<mobivate::HttpResponse>(sent).status == 404);
}

TEST_CASE("Another user of libcurl in the process is not disturbed, nor disturbs") {
  LocalGateway gateway;
  add_subscribers(gateway, 2);
  REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
  CURL* const theirs = curl_easy_init();
  curl_easy_setopt(theirs, CURLOPT_URL, (gateway.base_url() + "/api/doi/x/y/").c_str());
  curl_easy_setopt(theirs, CURLOPT_NOBODY, 1L);
  {
    const mobivate::DoiClient client(support::options(gateway.base_url()));
    CHECK(stop_state(client.unsubscribe(request_for(0))) == StopState::accepted);
  }
  CHECK(curl_easy_perform(theirs) == CURLE_OK);
  curl_easy_cleanup(theirs);
  curl_global_cleanup();
  const mobivate::DoiClient client(support::options(gateway.base_url()));
  CHECK(stop_state(client.unsubscribe(request_for(1))) == StopState::accepted);
}

TEST_CASE("Retry-After counts in the header of the answer alone, and there the first of it") {
  const std::string field =
      GENERATE("", "X-Retry-After: 2\r\nRETRY-AFTER: 3 \r\nRetry-After: 4\r\n");
  const MisbehavingServer server([&](Connection& client) {
    client.read_request();
    client.send(
        "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
        "HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n" +
        field + "\r\n0\r\nRetry-After: 5\r\n\r\n");
  });
  mobivate::CurlTransport transport;
  const auto sent =
      transport.send({server.base_url(), {}, std::chrono::seconds(5), std::chrono::seconds(5)});
  CHECK(std::get<mobivate::HttpResponse>(sent).status == 503);
  CHECK(std::get<mobivate::HttpResponse>(sent).retry_after == (field.empty() ? "" : "3"));
}

TEST_CASE("All header lines of an answer may take 64 KiB, and not a byte more") {
  mobivate::detail::CurlAnswer answer;
  std::string line(1024, 'x');
  const auto take = [&](std::size_t size) {
    return mobivate::detail::CurlAnswer::on_header(line.data(), 1, size, &answer);
  };
  for (int i = 0; i < 64; ++i) CHECK(take(line.size()) == line.size());
  CHECK(answer.too_large == nullptr);
  CHECK(take(1) == 0);
  CHECK(std::string(answer.too_large) == "the answer's header is larger than 64 KiB");
}
