# SPDX-License-Identifier: MIT
# Finds SystemC (pkg-config files on Debian 12, a CMake package elsewhere) and the libraries each used for one job.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS iostreams)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)

find_package(SystemCLanguage CONFIG QUIET)
if(TARGET SystemC::systemc)
  set(AHCISIM_SYSTEMC_FROM "CMake package ${SystemCLanguage_DIR}")
  set(AHCISIM_SYSTEMC_VERSION ${SystemCLanguage_VERSION})
else()
  pkg_check_modules(systemc REQUIRED IMPORTED_TARGET GLOBAL systemc)
  add_library(SystemC::systemc INTERFACE IMPORTED GLOBAL)
  target_link_libraries(SystemC::systemc INTERFACE PkgConfig::systemc)
  set(AHCISIM_SYSTEMC_FROM "pkg-config")
  set(AHCISIM_SYSTEMC_VERSION ${systemc_VERSION})
endif()
message(STATUS "SystemC ${AHCISIM_SYSTEMC_VERSION} (${AHCISIM_SYSTEMC_FROM})")

# libsystemc links only programs of the C++ standard it was built with: say so in words, not as an undefined symbol.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES SystemC::systemc Threads::Threads)
set(CMAKE_REQUIRED_FLAGS "-std=c++${CMAKE_CXX_STANDARD}")
check_cxx_source_compiles("#include <systemc>\nint sc_main(int, char**) { return 0; }" AHCISIM_SYSTEMC_LINKS)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT AHCISIM_SYSTEMC_LINKS)
  message(FATAL_ERROR "libsystemc ${AHCISIM_SYSTEMC_VERSION} does not link with C++${CMAKE_CXX_STANDARD}: "
                      "build SystemC with -DCMAKE_CXX_STANDARD=${CMAKE_CXX_STANDARD}, or install the distribution's libsystemc-dev")
endif()
