# tenon_add_plugin(name SOURCES a.cpp ... [LINKS target ...])
#
# A provider plugin "name.so" over the C++ SDK that exports nothing but the entry symbol.
include_guard(GLOBAL)

function(tenon_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE tenon::sdk ${arg_LINKS})
    set_target_properties(${name} PROPERTIES
        PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_link_options(${name} PRIVATE
        -Wl,-z,defs "-Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/tenon_plugin.map")
    if(TENON_PLUGIN_OUTPUT_DIR)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${TENON_PLUGIN_OUTPUT_DIR}")
    endif()
    if(TENON_PLUGIN_INSTALL_DIR)
        install(TARGETS ${name} LIBRARY DESTINATION "${TENON_PLUGIN_INSTALL_DIR}")
    endif()
endfunction()
