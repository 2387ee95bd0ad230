# Compiler settings of Tenon's own targets, carried by two interface targets:
#   tenon_options    everything compiled here
#   tenon_warnings   our own code, not generated or third-party code
include_guard(GLOBAL)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without these two ccache leaves alone what uses a precompiled header.
    set(CMAKE_C_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE_PROGRAM}")
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()

# Slow, so only where it is asked for; the checks are listed in .clang-tidy.
option(TENON_TIDY "Run clang-tidy, if there is one, on every C++ file but tests" OFF)
if(TENON_TIDY)
    find_program(CLANG_TIDY_PROGRAM clang-tidy)
    if(CLANG_TIDY_PROGRAM)
        set(CMAKE_CXX_CLANG_TIDY "${CLANG_TIDY_PROGRAM};--quiet")
    else()
        message(STATUS "clang-tidy was not found: its checks are left out")
    endif()
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(tenon_options INTERFACE)
target_compile_options(tenon_options INTERFACE
    $<$<CONFIG:Release>:-fstack-protector-strong>
    $<$<AND:$<CONFIG:Release>,$<NOT:$<BOOL:${TENON_SANITIZE}>>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_compile_definitions(tenon_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_link_options(tenon_options INTERFACE -Wl,-z,relro,-z,now)
if(TENON_SANITIZE)
    string(REPLACE ";" "," sanitizers "${TENON_SANITIZE}")
    target_compile_options(tenon_options INTERFACE
        -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
        # GCC warns about Asio's fences, and sees half of how Asio allocates coroutine frames.
        "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-tsan;-Wno-mismatched-new-delete>")
    target_link_options(tenon_options INTERFACE -fsanitize=${sanitizers})
endif()

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
    target_link_options(tenon_options INTERFACE -fuse-ld=lld)
endif()

add_library(tenon_warnings INTERFACE)
target_compile_options(tenon_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual>
    # GCC 12 sees overlaps in "text" + std::string where there are none (its bug 105651).
    $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<NOT:$<CONFIG:Debug>>>:-Wno-restrict>
    $<$<BOOL:${TENON_WERROR}>:-Werror>)
