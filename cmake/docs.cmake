# The documentation site, in html/ of the build directory. Fails if a public name has no comment or a
# link leads nowhere.
find_package(Doxygen 1.9.4 REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

configure_file(docs/Doxyfile.in Doxyfile @ONLY)
add_custom_target(docs VERBATIM
  COMMENT "The documentation site"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMAND docs/architecture.sh check
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${PROJECT_BINARY_DIR}/html" "${PROJECT_BINARY_DIR}/xml"
  COMMAND Doxygen::doxygen "${PROJECT_BINARY_DIR}/Doxyfile"
  COMMAND Python3::Interpreter docs/check_enumerators.py "${PROJECT_BINARY_DIR}/xml"
  COMMAND Python3::Interpreter docs/check_links.py *.md
    README.md CONTRIBUTING.md CHANGELOG.md docs
  COMMAND Python3::Interpreter docs/check_links.py *.html "${PROJECT_BINARY_DIR}/html")
