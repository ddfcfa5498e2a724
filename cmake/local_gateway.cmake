# The local gateway as a library, for the example programs and the tests.
find_package(OpenSSL REQUIRED)

# cpp-httplib comes with a CMake package from most places, with a pkg-config file from Debian.
find_package(httplib CONFIG QUIET)
if(NOT TARGET httplib::httplib)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
  add_library(httplib::httplib INTERFACE IMPORTED)
  # Its header calls OpenSSL, which Debian's file does not say.
  target_link_libraries(httplib::httplib INTERFACE PkgConfig::httplib OpenSSL::SSL OpenSSL::Crypto)
endif()

add_library(local_gateway_library STATIC
  examples/gateway/certificate.cpp
  examples/gateway/local_gateway.cpp
  examples/gateway/subscriptions.cpp)
target_compile_features(local_gateway_library PUBLIC cxx_std_17)
target_include_directories(local_gateway_library PUBLIC examples)
target_link_libraries(local_gateway_library
  PUBLIC httplib::httplib OpenSSL::SSL OpenSSL::Crypto
  PRIVATE CURL::libcurl Threads::Threads)
