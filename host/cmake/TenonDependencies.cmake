# Everything the host needs from the system. Nothing is downloaded.
include_guard(GLOBAL)

# Whatever directory links a layer also sees the libraries behind it.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

set(TENON_MISSING "")
include(TenonHostLibraries)

find_package(RapidJSON QUIET)
if(NOT RapidJSON_FOUND)
    list(APPEND TENON_MISSING "RapidJSON (rapidjson-dev)")
endif()

find_package(prometheus-cpp QUIET CONFIG COMPONENTS core)
if(NOT prometheus-cpp_FOUND OR NOT TARGET prometheus-cpp::core)
    list(APPEND TENON_MISSING "prometheus-cpp 1.0 or newer (prometheus-cpp-dev)")
endif()

find_package(CLI11 2.1 QUIET CONFIG)
if(NOT CLI11_FOUND)
    list(APPEND TENON_MISSING "CLI11 2.1 or newer (libcli11-dev)")
endif()

if(TENON_TESTS AND Boost_FOUND)
    find_package(Boost 1.81 QUIET CONFIG OPTIONAL_COMPONENTS unit_test_framework)
    if(NOT TARGET Boost::unit_test_framework)
        list(APPEND TENON_MISSING
            "Boost.Test of Boost ${Boost_VERSION_STRING} (libboost-test-dev), or -DTENON_TESTS=OFF")
    endif()
endif()

if(spdlog_FOUND)
    get_target_property(definitions spdlog::spdlog INTERFACE_COMPILE_DEFINITIONS)
    if(NOT "SPDLOG_COMPILED_LIB" IN_LIST definitions)
        message(WARNING "spdlog is installed as headers only: the build takes noticeably longer")
    endif()
endif()

if(TENON_MISSING)
    list(JOIN TENON_MISSING "\n    " lines)
    message(FATAL_ERROR "Tenon's host needs libraries that were not found (Debian's package names "
        "in brackets; ./dev build installs them):\n    ${lines}\n"
        "The C headers and the SDK alone need only RapidJSON: -DTENON_HOST=OFF")
endif()

# RapidJSON and nghttp2 as targets of our own; the first has none, the second has a generated name.
add_library(tenon_rapidjson INTERFACE)
target_include_directories(tenon_rapidjson SYSTEM INTERFACE
    "$<BUILD_INTERFACE:${RapidJSON_INCLUDE_DIRS}>")
target_compile_definitions(tenon_rapidjson INTERFACE RAPIDJSON_HAS_STDSTRING=1)

add_library(tenon_nghttp2 INTERFACE)
target_link_libraries(tenon_nghttp2 INTERFACE PkgConfig::NGHTTP2)
