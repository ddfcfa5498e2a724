# Installs the programs that operators use, with manuals and a systemd service. A manual is what help2man
# makes of the program's --help, so the two can't differ.
include(GNUInstallDirs)
find_program(help2man_program help2man)
if(NOT help2man_program)
  message(FATAL_ERROR "MOBIVATE_INSTALL_TOOLS needs help2man, to make the manuals: install it (Debian: help2man)")
endif()
if(NOT TARGET fleet_unsubscribe)
  message(FATAL_ERROR "MOBIVATE_INSTALL_TOOLS needs libpq, for fleet_unsubscribe: install it (Debian: libpq-dev)")
endif()

set(tools_dir "${CMAKE_CURRENT_BINARY_DIR}/tools")
set(manuals)
function(install_tool program purpose)
  set(manual "${tools_dir}/${program}.1")
  add_custom_command(OUTPUT "${manual}" VERBATIM
    COMMENT "Manual of ${program}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${tools_dir}"
    COMMAND "${help2man_program}" --no-info --section=1 --manual=mobivate-tools
      "--name=${purpose}" ${ARGN} "--output=${manual}" "$<TARGET_FILE:${program}>"
    DEPENDS ${program})
  if(gzip_program)  # Debian wants manuals compressed
    add_custom_command(OUTPUT "${manual}.gz" VERBATIM
      COMMAND "${gzip_program}" -9nkf "${manual}"
      DEPENDS "${manual}")
    set(manual "${manual}.gz")
  endif()
  set(manuals ${manuals} "${manual}" PARENT_SCOPE)
  install(TARGETS ${program}
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
  install(FILES "${manual}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT tools)
endfunction()

install_tool(unsubscribe "stop one subscriber's premium-SMS billing")
install_tool(bulk_unsubscribe "stop the premium-SMS billing of a list of subscribers")
install_tool(fleet_unsubscribe "stop premium-SMS billing from several machines" --help-option=--help-all)
install_tool(local_gateway "a gateway on this machine, for trying and testing")
add_custom_target(mobivate_tools ALL DEPENDS ${manuals})

install(FILES cmake/mobivate-fleet.service
  DESTINATION lib/systemd/system COMPONENT tools)
install(FILES examples/fleet/sql/grants.sql
  DESTINATION "${CMAKE_INSTALL_DATADIR}/mobivate-tools" COMPONENT tools)
