# The libraries that a program with Tenon's host in it is linked with. Used by Tenon's own build and,
# installed, by find_package(tenon COMPONENTS host).
#
# Adds a line to TENON_MISSING for each one that is not there; whoever includes this decides what
# that means.
find_package(Threads QUIET)
if(NOT Threads_FOUND)
    list(APPEND TENON_MISSING "a thread library (part of the C library's development files)")
endif()

find_package(Boost 1.81 QUIET CONFIG)
if(NOT Boost_FOUND)
    list(APPEND TENON_MISSING "Boost 1.81 or newer (libboost1.81-dev), Boost_DIR chooses among several")
endif()

find_package(OpenSSL 3.0 QUIET)
if(NOT OPENSSL_FOUND)
    list(APPEND TENON_MISSING "OpenSSL 3 (libssl-dev)")
endif()

find_package(spdlog QUIET CONFIG)
if(NOT spdlog_FOUND OR NOT TARGET spdlog::spdlog)
    list(APPEND TENON_MISSING "spdlog, as a compiled library, with fmt (libspdlog-dev, libfmt-dev)")
endif()

find_package(SQLite3 3.37 QUIET)
if(NOT SQLite3_FOUND)
    list(APPEND TENON_MISSING "SQLite 3.37 or newer (libsqlite3-dev)")
endif()

find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
    pkg_check_modules(NGHTTP2 QUIET IMPORTED_TARGET GLOBAL libnghttp2>=1.43)
endif()
if(NOT PKG_CONFIG_FOUND)
    list(APPEND TENON_MISSING "pkg-config (pkg-config or pkgconf), which finds nghttp2")
elseif(NOT NGHTTP2_FOUND)
    list(APPEND TENON_MISSING "nghttp2 1.43 or newer (libnghttp2-dev)")
endif()
