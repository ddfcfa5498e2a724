# mobivate::compiled has the library's code, built once for all that link with it, by their project's
# own compiler, with the flags that are set where this is first included; it is not built if nothing
# does.
if(TARGET mobivate_compiled)
  return()
endif()

add_library(mobivate_compiled STATIC EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/mobivate.cpp")
add_library(mobivate::compiled ALIAS mobivate_compiled)
set_target_properties(mobivate_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_compile_definitions(mobivate_compiled PUBLIC MOBIVATE_COMPILED)
target_link_libraries(mobivate_compiled PUBLIC mobivate::mobivate)
