# tenon_add_plugin(name SOURCES a.cpp ... [LINKS target ...])
#
# A provider plugin "name.so" that exports nothing but the entry symbol. It is linked with the C++
# SDK, or with the C headers alone if all sources are C.
#
# Two variables say where it goes, as CMAKE_LIBRARY_OUTPUT_DIRECTORY and the like do:
#   TENON_PLUGIN_OUTPUT_DIR   in the build
#   TENON_PLUGIN_INSTALL_DIR  when installed; find_package(tenon) sets it to the directory, relative
#                             to the prefix, where the host looks; empty = not installed
include_guard(GLOBAL)

function(tenon_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "usage: tenon_add_plugin(name SOURCES a.cpp ... [LINKS target ...])")
    endif()

    add_library(${name} MODULE ${arg_SOURCES})
    set(beyond_c ${arg_SOURCES})
    list(FILTER beyond_c EXCLUDE REGEX "\\.[ch]$")
    if(beyond_c)
        target_link_libraries(${name} PRIVATE tenon::sdk ${arg_LINKS})
    else()
        target_link_libraries(${name} PRIVATE tenon::abi ${arg_LINKS})
        target_compile_features(${name} PRIVATE c_std_11)
    endif()

    # What libraries inside the plugin bring along must not mix with the host's or another plugin's.
    set(exports "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/tenon_plugin.map")
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX ".so"
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS "${exports}")
    target_link_options(${name} PRIVATE "LINKER:--version-script=${exports}")
    # Clang leaves the symbols of its sanitizers undefined in libraries.
    if(NOT "${CMAKE_C_COMPILER_ID}${CMAKE_CXX_COMPILER_ID}" MATCHES "Clang"
       OR NOT "${TENON_SANITIZE}${CMAKE_C_FLAGS}${CMAKE_CXX_FLAGS}" MATCHES "sanitize|address|thread")
        target_link_options(${name} PRIVATE "LINKER:-z,defs")
    endif()

    if(TENON_PLUGIN_OUTPUT_DIR)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${TENON_PLUGIN_OUTPUT_DIR}")
    endif()
    if(TENON_PLUGIN_INSTALL_DIR)
        install(TARGETS ${name} LIBRARY DESTINATION "${TENON_PLUGIN_INSTALL_DIR}" COMPONENT runtime)
    endif()
endfunction()
