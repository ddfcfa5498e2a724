include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/mobivate")
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

target_include_directories(mobivate INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY include/mobivate DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/mobivate")

install(TARGETS mobivate EXPORT mobivate_targets)
install(EXPORT mobivate_targets
  NAMESPACE mobivate:: FILE mobivate-targets.cmake DESTINATION "${package_dir}"
  COMPONENT development)
configure_package_config_file(cmake/mobivate-config.cmake.in mobivate-config.cmake
  INSTALL_DESTINATION "${package_dir}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(mobivate-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/mobivate-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/mobivate-config-version.cmake"
  cmake/compiled.cmake
  cmake/find_curl.cmake
  cmake/mobivate.cpp
  DESTINATION "${package_dir}" COMPONENT development)

# The file says where the headers are from where it is itself, so that an installed folder can move.
if(IS_ABSOLUTE "${CMAKE_INSTALL_DATADIR}")
  set(pkgconfig_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH pkgconfig_prefix "/prefix/${pkgconfig_dir}" "/prefix")
  set(pkgconfig_prefix "\${pcfiledir}/${pkgconfig_prefix}")
endif()
set(pkgconfig_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(pkgconfig_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/mobivate.pc.in mobivate.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/mobivate.pc" DESTINATION "${pkgconfig_dir}"
  COMPONENT development)
