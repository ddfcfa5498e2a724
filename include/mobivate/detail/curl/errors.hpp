#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <curl/curl.h>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate::detail {

using Kind = TransportError::Kind;

/// What a libcurl error means: the kind of failure, and what the caller can do about it.
struct CurlError {
  CURLcode code;
  Kind kind;
  const char* advice = "";
};

/// The errors that an HTTP GET can end in. Any other is `Kind::other`.
inline constexpr CurlError curl_errors[] = {
    {CURLE_COULDNT_RESOLVE_HOST, Kind::resolve, "; check base_url"},
    {CURLE_COULDNT_RESOLVE_PROXY, Kind::resolve, "; check CurlOptions::proxy"},

    {CURLE_COULDNT_CONNECT, Kind::connect, "; check base_url"},
    {CURLE_INTERFACE_FAILED, Kind::connect},
    {CURLE_PROXY, Kind::connect, "; check CurlOptions::proxy"},

    {CURLE_PEER_FAILED_VERIFICATION, Kind::tls,
     "; to trust a certificate authority of your own, set CurlOptions::ca_bundle"},
    {CURLE_SSL_CACERT_BADFILE, Kind::tls,
     "; check CurlOptions::ca_bundle, or the system's CA certificates if it is empty"},
    {CURLE_SSL_CONNECT_ERROR, Kind::tls, "; check that base_url has a port that speaks TLS"},
    {CURLE_SSL_CERTPROBLEM, Kind::tls,
     "; check CurlOptions::client_certificate, client_key and client_key_passphrase"},
    {CURLE_SSL_CIPHER, Kind::tls},

    {CURLE_OPERATION_TIMEDOUT, Kind::timeout},

    {CURLE_SEND_ERROR, Kind::send},

    {CURLE_BAD_CONTENT_ENCODING, Kind::receive},
    {CURLE_GOT_NOTHING, Kind::receive},
    {CURLE_HTTP2, Kind::receive},
    {CURLE_HTTP2_STREAM, Kind::receive},
    {CURLE_PARTIAL_FILE, Kind::receive},
    {CURLE_RECV_ERROR, Kind::receive},
    {CURLE_UNSUPPORTED_PROTOCOL, Kind::receive},  // HTTP/0.9, or no HTTP at all
    {CURLE_WEIRD_SERVER_REPLY, Kind::receive},
    {CURLE_WRITE_ERROR, Kind::receive, "; the answer's body can't be decoded"},

    {CURLE_FILESIZE_EXCEEDED, Kind::too_large},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, Kind::too_large},
#endif

    {CURLE_ABORTED_BY_CALLBACK, Kind::cancelled},
};

inline bool has_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// True if the peer refused our client certificate, or the lack of one. TLS 1.3 says so only after
/// the handshake, in place of an answer. OpenSSL names the alert, GnuTLS does not.
inline bool is_about_client_certificate(CURLcode code, std::string_view text) {
#if LIBCURL_VERSION_NUM >= 0x074D00
  if (code == CURLE_SSL_CLIENTCERT) return true;
#endif
  const bool is_connected = code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
  if (is_connected && has_one_of(text, {"fatal alert"})) return true;
  return (is_connected || code == CURLE_SSL_CONNECT_ERROR) && has_one_of(text, {" alert "}) &&
         has_one_of(text.substr(text.find(" alert ")),
                    {"certificate", "unknown ca", "access denied", "decrypt error"});
}

/// True if the peer closed or reset the connection in the TLS handshake. libcurl has no code for
/// it. These are the words of OpenSSL; GnuTLS; Schannel; and libcurl 8 itself.
inline bool is_lost_handshake(CURLcode code, std::string_view text) {
  return code == CURLE_SSL_CONNECT_ERROR &&
         has_one_of(text, {"SSL_connect: ", "unexpected eof", "pull function", "push function",
                           "non-properly terminated", "failed to receive handshake", "Recv failure",
                           "Send failure"});
}

/// True for errors of a file or a socket that could not be opened, among others.
constexpr bool may_be_want_of_descriptors(CURLcode code) noexcept {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
}

/// `text` is libcurl's own about this error, if there is any.
inline CurlError meaning_of(CURLcode code, std::string_view text = {}) {
  if (is_about_client_certificate(code, text)) {
    return {code, Kind::tls,
            "; the gateway wants a client certificate, or another one: set "
            "CurlOptions::client_certificate"};
  }
  if (is_lost_handshake(code, text)) {
    return {code, Kind::connect, "; the connection was lost in the TLS handshake"};
  }
  for (const CurlError& error : curl_errors) {
    if (error.code == code) return error;
  }
  return {code, Kind::other};
}

}  // namespace mobivate::detail
