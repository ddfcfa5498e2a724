// For headers.sh: what libcurl has since 7.85, of the kinds that the library uses. Naming any of it
// is an error from here on, but for code that libcurl's version has left out.
#define CURL_DISABLE_DEPRECATION  // the old names were not deprecated then
#include <curl/curl.h>

static_assert(LIBCURL_VERSION_NUM == 0x075400);

#pragma GCC poison CURLE_ECH_REQUIRED CURLE_TOO_LARGE CURL_HTTP_VERSION_3ONLY
#pragma GCC poison CURLINFO_CONN_ID CURLINFO_EARLYDATA_SENT_T CURLINFO_HTTPAUTH_USED
#pragma GCC poison CURLINFO_POSTTRANSFER_TIME_T CURLINFO_PROXYAUTH_USED CURLINFO_QUEUE_TIME_T
#pragma GCC poison CURLINFO_SIZE_DELIVERED CURLINFO_USED_PROXY CURLINFO_XFER_ID CURL_LOCK_DATA_HSTS
#pragma GCC poison CURLMOPT_NETWORK_CHANGED CURLMOPT_NOTIFYDATA CURLMOPT_NOTIFYFUNCTION
#pragma GCC poison CURLMOPT_QUICK_EXIT CURLMOPT_RESOLVE_THREADS_MAX CURLFOLLOW_ALL
#pragma GCC poison CURLFOLLOW_FIRSTONLY CURLFOLLOW_OBEYCODE CURLPROXY_HTTPS2 CURLPROXY_HTTPS3
#pragma GCC poison CURLOPT_CA_CACHE_TIMEOUT CURLOPT_ECH CURLOPT_HAPROXY_CLIENT_IP
#pragma GCC poison CURLOPT_MAIL_RCPT_ALLOWFAILS CURLOPT_PROTOCOLS_STR CURLOPT_QUICK_EXIT
#pragma GCC poison CURLOPT_REDIR_PROTOCOLS_STR CURLOPT_SERVER_RESPONSE_TIMEOUT_MS
#pragma GCC poison CURLOPT_SSL_SIGNATURE_ALGORITHMS CURLOPT_TCP_KEEPCNT CURLOPT_UPLOAD_FLAGS
#pragma GCC poison CURLOPT_WS_OPTIONS CURLSSLOPT_EARLYDATA
#pragma GCC poison curl_global_trace curl_multi_get_handles
#pragma GCC poison curl_multi_get_offt curl_multi_notify_disable curl_multi_notify_enable
#pragma GCC poison curl_multi_waitfds curl_ws_meta curl_ws_recv curl_ws_send
#pragma GCC poison curl_easy_ssls_export curl_easy_ssls_import
