// The library's code, for files that are compiled with MOBIVATE_COMPILED: see detail/config.hpp.
#include <mobivate/detail/calling/doi_client.ipp>
#include <mobivate/detail/curl/curl_transport.ipp>
#include <mobivate/detail/protocol/build_url.ipp>
#include <mobivate/detail/protocol/parse_response.ipp>
#include <mobivate/detail/protocol/result_text.ipp>
#include <mobivate/detail/protocol/validate.ipp>
