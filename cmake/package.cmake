# `cpack` makes a Debian package, with CMake 3.16 and gzip. Who publishes it configures the build with
# -DCPACK_PACKAGE_CONTACT='Name <address>', an address that is read.
find_program(gzip_program gzip)
if(CMAKE_VERSION VERSION_LESS 3.16 OR NOT gzip_program)
  return()
endif()

if(NOT CPACK_PACKAGE_CONTACT)
  set(CPACK_PACKAGE_CONTACT "The mobivate-cpp authors <authors@mobivate-cpp.invalid>")
endif()

set(package_name libmobivate-dev)
set(package_revision 0mobivate1)  # a package of Debian's own, -1, would be newer
set(doc_dir "share/doc/${package_name}")
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # heeds SOURCE_DATE_EPOCH

# Debian's form of the licence: an empty line is a dot, all others are indented.
file(READ LICENSE licence)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" copyright_line "${licence}")
set(copyright_holder "${CMAKE_MATCH_1}")
string(REGEX REPLACE "^.*Copyright[^\n]*\n+" "" licence "${licence}")
string(REGEX REPLACE "\n+$" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n" "\n " licence "${licence}")
configure_file(cmake/debian-copyright.in debian/copyright @ONLY)

configure_file(cmake/debian-changelog.in debian/changelog.Debian @ONLY)
configure_file(CHANGELOG.md debian/changelog COPYONLY)
foreach(file IN ITEMS changelog.Debian changelog)
  execute_process(COMMAND "${gzip_program}" -9nf "${CMAKE_CURRENT_BINARY_DIR}/debian/${file}"
    RESULT_VARIABLE failure)
  if(failure)
    message(FATAL_ERROR "gzip can't compress ${CMAKE_CURRENT_BINARY_DIR}/debian/${file}")
  endif()
endforeach()

# Only in the Debian package, which in turn has its own form of the licence.
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/debian/copyright"
  "${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.gz"
  "${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.Debian.gz"
  DESTINATION "${doc_dir}" COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME "${package_name}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "${package_revision}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "libcurl4-openssl-dev (>= ${mobivate_curl_version}) | libcurl4-gnutls-dev (>= ${mobivate_curl_version}), nlohmann-json3-dev (>= ${mobivate_json_version})")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "stops premium-SMS billing through Mobivate's gateway")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Header-only C++17 client for the request by which Mobivate's gateway stops
a subscriber's premium-SMS billing, in the flows Network Double Opt-in and
MNO Web Opt-In Kenya. It tells, for each subscriber, whether they were
stopped, refused, never sent, or are unknown.
.
This package has the headers, a CMake package and a pkg-config file.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL development debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
