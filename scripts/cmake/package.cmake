# SPDX-License-Identifier: MIT
# cmake --install: headers, libraries and a package that find_package(ahcisim) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ahcisim)

get_property(blocks GLOBAL PROPERTY AHCISIM_BLOCKS)
install(TARGETS ${blocks} EXPORT ahcisim_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ahcisim_targets NAMESPACE ahcisim:: FILE ahcisim-targets.cmake DESTINATION ${package_dir})
install(DIRECTORY models tlm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ahcisim FILES_MATCHING PATTERN "*.hpp")

# The consumer finds SystemC the way this build did.
configure_package_config_file(scripts/cmake/ahcisim-config.cmake.in ${PROJECT_BINARY_DIR}/ahcisim-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ahcisim-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ahcisim-config.cmake ${PROJECT_BINARY_DIR}/ahcisim-config-version.cmake
        scripts/cmake/dependencies.cmake DESTINATION ${package_dir})
