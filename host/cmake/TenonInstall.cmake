# Three components: `sdk` for plugin authors (needs no Boost), `host` for programs that load
# plugins, `runtime` for the program tenon and the bundled plugins.
include(CMakePackageConfigHelpers)

set(cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tenon")
set(sdk_cmake "${PROJECT_SOURCE_DIR}/sdk/cmake")
set(generated "${PROJECT_BINARY_DIR}/package")

# --- For plugin authors --------------------------------------------------------------------------

set(sdk_targets tenon_abi tenon_sdk tenon_json_service)
if(TARGET tenon_testing)
    list(APPEND sdk_targets tenon_testing)
    set_target_properties(tenon_testing PROPERTIES EXPORT_NAME testing)
endif()
install(TARGETS ${sdk_targets} EXPORT tenon-sdk
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT sdk)
install(DIRECTORY abi/include/ sdk/include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk)
install(EXPORT tenon-sdk NAMESPACE tenon:: FILE tenon-sdk-targets.cmake
    DESTINATION "${cmake_dir}" COMPONENT sdk)

configure_package_config_file("${sdk_cmake}/tenon-config.cmake.in" "${generated}/tenon-config.cmake"
    INSTALL_DESTINATION "${cmake_dir}")
write_basic_package_version_file("${generated}/tenon-config-version.cmake"
    COMPATIBILITY SameMajorVersion)
install(FILES
    "${generated}/tenon-config.cmake"
    "${generated}/tenon-config-version.cmake"
    "${sdk_cmake}/TenonPlugin.cmake"
    "${sdk_cmake}/tenon_plugin.map"
    DESTINATION "${cmake_dir}" COMPONENT sdk)

# From the .pc files up to the prefix, so that an installation may be moved.
file(RELATIVE_PATH TENON_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
foreach(name IN ITEMS tenon-abi tenon-sdk)
    configure_file("${sdk_cmake}/${name}.pc.in" "${generated}/${name}.pc" @ONLY)
    install(FILES "${generated}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT sdk)
endforeach()

if(NOT TENON_HOST)
    return()
endif()

# --- For programs that load plugins --------------------------------------------------------------

# Sets `result` to the target and all targets of this project behind it.
function(tenon_link_closure target result)
    get_target_property(original ${target} ALIASED_TARGET)
    if(original)
        set(target ${original})
    endif()
    if(target IN_LIST ${result})
        return()
    endif()
    list(APPEND ${result} ${target})
    get_target_property(direct ${target} LINK_LIBRARIES)
    get_target_property(for_users ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS direct for_users)
        if(link MATCHES "^tenon(_|::)" AND TARGET ${link})
            tenon_link_closure(${link} ${result})
        endif()
    endforeach()
    set(${result} ${${result}} PARENT_SCOPE)
endfunction()

# The layers stay static libraries of their own, out of the way: users link tenon::host alone.
if(TARGET tenon_host)
    set(host_targets "")
    tenon_link_closure(tenon_host host_targets)
    list(REMOVE_ITEM host_targets ${sdk_targets})
    foreach(target IN LISTS host_targets)
        string(REGEX REPLACE "^tenon_" "private_" export_name ${target})
        set_target_properties(${target} PROPERTIES EXPORT_NAME ${export_name})
    endforeach()
    set_target_properties(tenon_host PROPERTIES EXPORT_NAME host)

    install(TARGETS ${host_targets} EXPORT tenon-host
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/tenon" COMPONENT host)
    install(DIRECTORY host/include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT host)
    install(EXPORT tenon-host NAMESPACE tenon:: FILE tenon-host-targets.cmake
        DESTINATION "${cmake_dir}" COMPONENT host)
    install(FILES "${PROJECT_SOURCE_DIR}/host/cmake/TenonHostLibraries.cmake"
        DESTINATION "${cmake_dir}" COMPONENT host)
endif()

# --- For people at a shell -----------------------------------------------------------------------

# The bundled plugins add themselves (tenon_add_plugin).
if(TARGET tenon)
    install(TARGETS tenon RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
    configure_file(host/systemd/tenon.service.in "${PROJECT_BINARY_DIR}/tenon.service" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/tenon.service"
        DESTINATION lib/systemd/system COMPONENT runtime)
endif()
