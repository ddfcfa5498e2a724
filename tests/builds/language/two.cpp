#include <mobivate/doi_client.hpp>
#include <mobivate/testing/mock_transport.hpp>

#if __cplusplus >= 202002L
// No member may be missing an initialiser: these would warn.
mobivate::ClientOptions client_options{.base_url = "https://hostname"};
mobivate::CallOptions call_options{};
mobivate::CurlOptions curl_options{.ca_bundle = "ca.pem"};
mobivate::HttpRequest http_request{.url = "https://hostname"};
mobivate::HttpResponse http_response{.status = 200};
mobivate::TransportError transport_error{.kind = mobivate::TransportError::Kind::timeout};
mobivate::UnexpectedResponse unexpected{.http_status = 502};
mobivate::GatewayError gateway_error{.message = "x"};
mobivate::SendFailed send_failed{.code = 590};
mobivate::InvalidRequest invalid{.field = "source"};
mobivate::Attempt attempt{.number = 1};
#endif

mobivate::StopState stop(const mobivate::DoiClient& client);

mobivate::StopState stop(const mobivate::DoiClient& client) {
#if __cplusplus >= 202002L
  return stop_state(client.unsubscribe({.source = 12345,
                                        .destination = "254743210492",
                                        .keyword = "mv-100620006",
                                        .reference = "ABC1234",
                                        .stop = mobivate::Stop::one}));
#else
  mobivate::UnsubscribeRequest request;
  request.source = 12345;
  request.destination = "254743210492";
  request.keyword = "mv-100620006";
  request.reference = "ABC1234";
  request.stop = mobivate::Stop::one;
  return stop_state(client.unsubscribe(request));
#endif
}
