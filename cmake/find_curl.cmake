# Finds libcurl, unless a target CURL::libcurl is there already. If none is found, or if it is older than
# mobivate_curl_version, mobivate_curl_problem says so; otherwise that is empty.
set(mobivate_curl_problem "")
if(NOT TARGET CURL::libcurl)
  # Without a version: curl's own configuration file takes version 8 for incompatible with any 7.
  find_package(CURL QUIET)
  set(mobivate_curl_found "${CURL_VERSION_STRING}")
  if(NOT mobivate_curl_found)
    set(mobivate_curl_found "${CURL_VERSION}")
  endif()
  if(NOT TARGET CURL::libcurl)
    set(mobivate_curl_problem
      "mobivate needs libcurl, which CMake does not find: install it (Debian: libcurl4-openssl-dev), or name its place by CMAKE_PREFIX_PATH")
  elseif(mobivate_curl_found AND mobivate_curl_found VERSION_LESS mobivate_curl_version)
    set(mobivate_curl_problem
      "mobivate needs libcurl ${mobivate_curl_version} or newer, and CMake found ${mobivate_curl_found}: name the place of a newer one by CMAKE_PREFIX_PATH")
  endif()
  unset(mobivate_curl_found)
endif()
