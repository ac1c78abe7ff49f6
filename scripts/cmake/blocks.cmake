# SPDX-License-Identifier: MIT
# ahcisim_block(NAME [USES BLOCK...]): a static library of all sources below models/NAME, and the flags all of them share.

# Headers are <ahcisim/models/...> and <ahcisim/tlm/...>, in the build tree through two links.
set(AHCISIM_INCLUDE ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${AHCISIM_INCLUDE}/ahcisim)
foreach(folder models tlm)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${AHCISIM_INCLUDE}/ahcisim/${folder} SYMBOLIC)
endforeach()

add_library(ahcisim_flags INTERFACE)
target_compile_options(ahcisim_flags INTERFACE -Wall -Wextra -Wpedantic $<$<BOOL:${AHCISIM_WERROR}>:-Werror>)
if(AHCISIM_SANITIZE)
  target_compile_options(ahcisim_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(ahcisim_flags INTERFACE -fsanitize=address,undefined)
endif()

if(AHCISIM_FUZZ)
  target_compile_options(ahcisim_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(ahcisim_block name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/${name}/*.cpp)
  if(sources)
    add_library(ahcisim_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(ahcisim_${name} PRIVATE $<BUILD_INTERFACE:ahcisim_flags>)
  else()
    add_library(ahcisim_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ahcisim::${name} ALIAS ahcisim_${name})
  set_target_properties(ahcisim_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(ahcisim_${name} ${scope} cxx_std_17)
  target_include_directories(ahcisim_${name} SYSTEM ${scope} $<INSTALL_INTERFACE:include>)
  target_include_directories(ahcisim_${name} ${scope} $<BUILD_INTERFACE:${AHCISIM_INCLUDE}>)
  target_link_libraries(ahcisim_${name} ${scope} SystemC::systemc Boost::boost fmt::fmt Threads::Threads)
  foreach(block IN LISTS arg_USES)
    target_link_libraries(ahcisim_${name} ${scope} ahcisim_${block})
  endforeach()
  # What nearly every file includes is parsed once: two thirds of a file's compilation.
  if(name STREQUAL "kit")
    target_precompile_headers(ahcisim_kit PRIVATE <systemc> <tlm> <tlm_utils/simple_initiator_socket.h>
                              <tlm_utils/simple_target_socket.h> <boost/histogram/histogram.hpp>
                              <boost/histogram/make_histogram.hpp> <fmt/format.h> <map> <string> <vector>)
  elseif(sources)
    target_precompile_headers(ahcisim_${name} REUSE_FROM ahcisim_kit)
  endif()
  set_property(GLOBAL APPEND PROPERTY AHCISIM_BLOCKS ahcisim_${name})
endfunction()
