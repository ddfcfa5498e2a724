# `cpack` makes the Debian package libmobivate-dev and, with MOBIVATE_INSTALL_TOOLS, mobivate-tools. It
# needs CMake 3.16 and gzip. Who publishes them configures the build with
# -DCPACK_PACKAGE_CONTACT='Name <address>', an address that is read.
find_program(gzip_program gzip)
if(CMAKE_VERSION VERSION_LESS 3.16 OR NOT gzip_program)
  return()
endif()

if(NOT CPACK_PACKAGE_CONTACT)
  set(CPACK_PACKAGE_CONTACT "The mobivate-cpp authors <authors@mobivate-cpp.invalid>")
endif()

set(package_revision 0mobivate1)  # a package of Debian's own, -1, would be newer
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # heeds SOURCE_DATE_EPOCH

# Debian's form of the licence: an empty line is a dot, all others are indented.
file(READ LICENSE licence)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" copyright_line "${licence}")
set(copyright_holder "${CMAKE_MATCH_1}")
string(REGEX REPLACE "^.*Copyright[^\n]*\n+" "" licence "${licence}")
string(REGEX REPLACE "\n+$" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n" "\n " licence "${licence}")

function(gzip file)
  execute_process(COMMAND "${gzip_program}" -9nf "${file}" RESULT_VARIABLE failure)
  if(failure)
    message(FATAL_ERROR "gzip can't compress ${file}")
  endif()
endfunction()

# The files that every Debian package has, in a component of their own: no other installation needs them.
function(install_debian_files package_name component)
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/debian/${package_name}")
  configure_file(cmake/debian/copyright.in "${dir}/copyright" @ONLY)
  configure_file(cmake/debian/changelog.in "${dir}/changelog.Debian" @ONLY)
  configure_file(CHANGELOG.md "${dir}/changelog" COPYONLY)
  gzip("${dir}/changelog.Debian")
  gzip("${dir}/changelog")
  install(FILES "${dir}/copyright" "${dir}/changelog.gz" "${dir}/changelog.Debian.gz"
    DESTINATION "share/doc/${package_name}" COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE "${package_revision}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each description begins with its own

install_debian_files(libmobivate-dev debian_library)
set(CPACK_COMPONENTS_ALL development debian_library)
set(CPACK_COMPONENT_DEVELOPMENT_GROUP library)
set(CPACK_COMPONENT_DEBIAN_LIBRARY_GROUP library)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libmobivate-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
  "libcurl4-openssl-dev (>= ${mobivate_curl_version}) | libcurl4-gnutls-dev (>= ${mobivate_curl_version}), nlohmann-json3-dev (>= ${mobivate_json_version})")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
"stops premium-SMS billing through Mobivate's gateway (library)
Header-only C++17 client for the request by which Mobivate's gateway stops
a subscriber's premium-SMS billing, in the flows Network Double Opt-in and
MNO Web Opt-In Kenya. For each subscriber it returns one of four states:
accepted, refused, not_sent or unknown.
.
This package has the headers, a CMake package and a pkg-config file.")

if(MOBIVATE_INSTALL_TOOLS)
  install_debian_files(mobivate-tools debian_tools)
  list(APPEND CPACK_COMPONENTS_ALL tools debian_tools)
  set(CPACK_COMPONENT_TOOLS_GROUP tools)
  set(CPACK_COMPONENT_DEBIAN_TOOLS_GROUP tools)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME mobivate-tools)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS ca-certificates)
  foreach(script IN ITEMS postinst prerm postrm)
    configure_file("cmake/debian/tools-${script}" "debian/mobivate-tools/control/${script}" COPYONLY)
    list(APPEND CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA
      "${CMAKE_CURRENT_BINARY_DIR}/debian/mobivate-tools/control/${script}")
  endforeach()
  set(CPACK_DEBIAN_TOOLS_DESCRIPTION
"stops premium-SMS billing through Mobivate's gateway (programs)
Programs that ask Mobivate's gateway to stop subscribers' premium-SMS
billing: unsubscribe for one subscriber, bulk_unsubscribe for a list in a
CSV file, fleet_unsubscribe for several machines that share a PostgreSQL
database, with a systemd service for its worker.
.
local_gateway behaves like the documented gateway, for trying and testing.")
endif()
include(CPack)
