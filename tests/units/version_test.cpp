#include <string>

#include <mobivate/version.hpp>

#include "catch.hpp"

TEST_CASE("The version for #if is the version") {
  CHECK(mobivate::version == std::to_string(MOBIVATE_VERSION_MAJOR) + "." +
                                 std::to_string(MOBIVATE_VERSION_MINOR) + "." +
                                 std::to_string(MOBIVATE_VERSION_PATCH));
}
