// The library's code, for files that are compiled with MOBIVATE_COMPILED: see detail/mode.hpp.
#include <mobivate/detail/build_url.ipp>
#include <mobivate/detail/curl_transport.ipp>
#include <mobivate/detail/doi_client.ipp>
#include <mobivate/detail/parse_response.ipp>
