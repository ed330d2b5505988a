# SPDX-License-Identifier: Apache-2.0
# Finds what pullseal's static libraries link: Debian's libssl-dev, libsodium-dev, nlohmann-json3-dev,
# libyaml-cpp-dev, libre2-dev.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3.0)
find_dependency(nlohmann_json)
find_dependency(PkgConfig)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
include(${CMAKE_CURRENT_LIST_DIR}/pullseal.cmake)
