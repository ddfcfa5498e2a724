# The documentation site, in html/ of the build directory. Fails if a public name has no comment or is
# on no page, or a link leads nowhere.
find_package(Doxygen 1.9.4 REQUIRED)
find_program(sphinx_build sphinx-build)
if(NOT sphinx_build)
  message(FATAL_ERROR "sphinx-build is missing. Debian: apt-get install python3-sphinx furo "
    "python3-myst-parser python3-breathe python3-sphinx-copybutton")
endif()

configure_file(docs/Doxyfile.in Doxyfile @ONLY)
add_custom_target(docs VERBATIM
  COMMENT "The documentation site: ${PROJECT_BINARY_DIR}/html"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMAND docs/architecture.sh check
  COMMAND "${CMAKE_COMMAND}" -E rm -rf
    "${PROJECT_BINARY_DIR}/html" "${PROJECT_BINARY_DIR}/xml" "${PROJECT_BINARY_DIR}/doctrees"
  COMMAND Doxygen::doxygen "${PROJECT_BINARY_DIR}/Doxyfile"
  COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1
    "${sphinx_build}" -q -n -W --keep-going -c docs/site -d "${PROJECT_BINARY_DIR}/doctrees"
    -D "breathe_projects.mobivate=${PROJECT_BINARY_DIR}/xml"
    "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/html")
