# mobivate_single_include: for the tests, the generated header under the names of those it is made of.
set(forwarders "${CMAKE_CURRENT_BINARY_DIR}/single_include")
file(GLOB_RECURSE headers RELATIVE "${mobivate_include_dir}" CONFIGURE_DEPENDS
  "${mobivate_include_dir}/mobivate/*.hpp")
foreach(header IN LISTS headers)
  file(WRITE "${forwarders}/${header}" "#include \"${single_include}\"\n")
endforeach()

add_library(mobivate_single_include INTERFACE)
add_dependencies(mobivate_single_include single_include)
target_compile_features(mobivate_single_include INTERFACE cxx_std_17)
target_include_directories(mobivate_single_include INTERFACE "${forwarders}")
target_link_libraries(mobivate_single_include INTERFACE
  CURL::libcurl nlohmann_json::nlohmann_json Threads::Threads)
