#pragma once

#include <curl/curl.h>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// What kind of failure a libcurl error is: every one that an HTTP GET can end in.
constexpr TransportError::Kind kind_of(CURLcode code) noexcept {
  using Kind = TransportError::Kind;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Kind::resolve;

    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return Kind::connect;

    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
      return Kind::tls;

    case CURLE_OPERATION_TIMEDOUT:
      return Kind::timeout;

    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return Kind::send;

    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, or no HTTP at all
    case CURLE_WEIRD_SERVER_REPLY:
      return Kind::receive;

    case CURLE_FILESIZE_EXCEEDED:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
      return Kind::too_large;

    case CURLE_ABORTED_BY_CALLBACK:
      return Kind::cancelled;

    default:
      return Kind::other;
  }
}

/// What the caller can do about it.
constexpr const char* advice(CURLcode code) noexcept {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "; to trust a certificate authority of your own, set CurlOptions::ca_bundle";
    case CURLE_SSL_CACERT_BADFILE:
      return "; check CurlOptions::ca_bundle, or the system's CA certificates if it is empty";
    case CURLE_SSL_CONNECT_ERROR:
      return "; check that base_url has a port that speaks TLS";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "; check base_url";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return "; check CurlOptions::proxy";
    default:
      return "";
  }
}

}}}  // namespace mobivate::v0::detail
