# Everything the host needs from the system. Nothing is downloaded.
include_guard(GLOBAL)

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog REQUIRED CONFIG)
find_package(CLI11 2.1 REQUIRED CONFIG)
find_package(RapidJSON REQUIRED)

# Asio, Beast and their OpenSSL parts compiled once (host/src/net/boost_*.cpp).
add_library(tenon_boost_headers INTERFACE)
target_compile_definitions(tenon_boost_headers INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(tenon_boost_headers INTERFACE Boost::headers Threads::Threads)

add_library(tenon_rapidjson INTERFACE)
target_include_directories(tenon_rapidjson SYSTEM INTERFACE ${RapidJSON_INCLUDE_DIRS})
target_compile_definitions(tenon_rapidjson INTERFACE RAPIDJSON_HAS_STDSTRING=1)
