#pragma once

#include <variant>

#include <mobivate/detail/mode.hpp>

// The names of all public types but `Headers`, a `std::vector`, for headers that need no more.
namespace mobivate { inline namespace v0 {

struct Accepted;
struct Attempt;
struct BatchOptions;
struct BatchSummary;
struct CallOptions;
struct ClientOptions;
struct CurlOptions;
class Exchanges;
struct GatewayError;
struct HttpRequest;
struct HttpResponse;
struct InvalidRequest;
struct RetryPolicy;
class Secret;
struct SendFailed;
enum class Stop;
enum class StopState;
class Transport;
struct TransportError;
struct UnexpectedResponse;
struct UnsubscribeRequest;

using TransportResult = std::variant<HttpResponse, TransportError>;
using UnsubscribeResult = std::variant<Accepted, SendFailed, GatewayError, UnexpectedResponse,
                                       TransportError, InvalidRequest>;

inline namespace MOBIVATE_MODE {

class CurlTransport;
class DoiClient;

}  // namespace MOBIVATE_MODE

namespace testing {

class MockTransport;

}  // namespace testing

}}  // namespace mobivate::v0
