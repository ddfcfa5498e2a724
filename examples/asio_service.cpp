// An HTTP service on Boost.Asio's event loop: one thread, C++20 coroutines. POST /stops stops a
// subscriber and answers after the gateway has answered. After SIGTERM the service takes no new
// requests, answers those under way, and ends.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <mobivate/doi_client.hpp>
#include <mobivate/json.hpp>
#include <nlohmann/json.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

/// Stops one subscriber: `co_await` it in a coroutine of Asio. The client calls back on its own
/// thread; the coroutine continues on the loop's thread.
asio::awaitable<mobivate::UnsubscribeResult> unsubscribe(const mobivate::DoiClient& client,
                                                         mobivate::UnsubscribeRequest request) {
  const auto start = [&](auto coroutine) {
    // Keeps the loop running until the result is posted to it.
    auto work = asio::make_work_guard(coroutine);
    client.unsubscribe_async(
        std::move(request), [coroutine = std::move(coroutine),
                             work = std::move(work)](mobivate::UnsubscribeResult result) mutable {
          asio::post(work.get_executor(),
                     [coroutine = std::move(coroutine), result = std::move(result)]() mutable {
                       coroutine(std::move(result));
                     });
        });
  };
  co_return co_await
      asio::async_initiate<decltype(use_awaitable), void(mobivate::UnsubscribeResult)>(
          start, use_awaitable);
}

http::status status_of(const mobivate::UnsubscribeResult& result) {
  if (std::holds_alternative<mobivate::InvalidRequest>(result)) {
    return http::status::unprocessable_entity;
  }
  const auto state = mobivate::stop_state(result);
  if (state == mobivate::StopState::accepted) return http::status::ok;
  if (state == mobivate::StopState::refused) return http::status::conflict;
  const auto* const error = std::get_if<mobivate::TransportError>(&result);
  return error != nullptr && error->kind == mobivate::TransportError::Kind::timeout
             ? http::status::gateway_timeout
             : http::status::bad_gateway;
}

class Service {
 public:
  Service(const mobivate::DoiClient& client, std::size_t most_stops)
      : client_(client), most_stops_(most_stops) {}

  asio::awaitable<void> listen(tcp::acceptor& acceptor) {
    while (acceptor.is_open()) {
      boost::system::error_code error;
      tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(use_awaitable, error));
      if (!error) {
        asio::co_spawn(acceptor.get_executor(), serve(beast::tcp_stream(std::move(socket))),
                       asio::detached);
      } else if (acceptor.is_open()) {  // for example, too many open files
        asio::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(use_awaitable);
      }
    }
  }

  /// Takes no new requests. Requests under way are answered.
  void end() {
    is_ending_ = true;
    for (beast::tcp_stream* stream : idle_) stream->cancel();
  }

 private:
  /// Serves one connection.
  asio::awaitable<void> serve(beast::tcp_stream stream) {
    constexpr std::chrono::seconds patience{30};
    constexpr std::uint64_t largest_body = 64 * 1024;
    beast::flat_buffer buffer;
    bool goes_on = true;
    try {
      while (goes_on && !is_ending_) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(largest_body);
        stream.expires_after(patience);
        idle_.insert(&stream);
        co_await http::async_read(stream, buffer, parser, use_awaitable);
        idle_.erase(&stream);

        Response response = co_await answer(parser.get());
        goes_on = parser.keep_alive() && !is_ending_;
        response.keep_alive(goes_on);
        response.prepare_payload();
        stream.expires_after(patience);
        co_await http::async_write(stream, response, use_awaitable);
      }
      stream.socket().shutdown(tcp::socket::shutdown_send);
    } catch (const boost::system::system_error&) {
      // The peer has disconnected, was too slow, or does not speak HTTP.
    }
    idle_.erase(&stream);
  }

  asio::awaitable<Response> answer(const Request& request) {
    if (request.target() == "/health") {
      co_return reply(http::status::ok, {{"stops", stops_}});
    }
    if (request.target() != "/stops") {
      co_return reply(http::status::not_found, {{"message", "write POST /stops or GET /health"}});
    }
    if (request.method() != http::verb::post) {
      co_return reply(http::status::method_not_allowed, {{"message", "write POST /stops"}});
    }
    mobivate::UnsubscribeRequest stop;
    try {
      stop =
          nlohmann::json::parse(request.body(), nullptr, false).get<mobivate::UnsubscribeRequest>();
    } catch (const std::invalid_argument& error) {
      co_return reply(http::status::bad_request,
                      {{"state", "not_sent"}, {"message", error.what()}});
    }
    if (stops_ == most_stops_) {  // back-pressure: the caller has to wait
      Response response = reply(http::status::service_unavailable,
                                {{"state", "not_sent"}, {"message", "too many stops under way"}});
      response.set(http::field::retry_after, "1");
      co_return response;
    }
    ++stops_;
    const auto result = co_await unsubscribe(client_, std::move(stop));
    --stops_;
    co_return reply(status_of(result), result);
  }

  static Response reply(http::status status, const nlohmann::json& body) {
    Response response(status, 11, body.dump() + '\n');
    response.set(http::field::content_type, "application/json");
    return response;
  }

  const mobivate::DoiClient& client_;
  const std::size_t most_stops_;
  std::size_t stops_ = 0;              ///< Stops under way.
  std::set<beast::tcp_stream*> idle_;  ///< Connections that wait for a request.
  bool is_ending_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 8080;
  std::size_t most_stops = 1'000;
  std::int64_t timeout = 10'000;
  CLI::App app{"Serves POST /stops and GET /health on 127.0.0.1. Ctrl-C or SIGTERM ends it."};
  app.add_option("--port", port, "Port on 127.0.0.1; 0: the system chooses")->capture_default_str();
  app.add_option("--most", most_stops,
                 "Maximum number of stops under way; further requests get 503")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--timeout", timeout,
                 "Longest time for a stop, in milliseconds; choose less than your callers wait")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    asio::io_context loop(1);
    auto options = mobivate::ClientOptions::from_environment();
    options.total_timeout = std::chrono::milliseconds(timeout);
    // Declared after the loop, so destroyed before it: its last callbacks post to the loop.
    const mobivate::DoiClient client(std::move(options));
    Service service(client, most_stops);
    tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
    asio::co_spawn(loop, service.listen(acceptor), asio::detached);

    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) {
      acceptor.close();
      service.end();
    });
    std::cout << "http://127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
    loop.run();  // until the last request is answered
  } catch (const std::exception& error) {
    std::cerr << "asio_service: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
