// Catch2 2 has no library with a main function; 3 has one, and leaves this file out.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
