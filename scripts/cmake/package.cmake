# SPDX-License-Identifier: MIT
# cmake --install: headers, libraries and a package that find_package(ahcisim) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
