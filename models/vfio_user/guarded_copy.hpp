// SPDX-License-Identifier: MIT
// Copies to and from memory that somebody else may take away. Plain C++.
#pragma once

#include <cstddef>

namespace ahcisim::vfio_user {

/// memcpy(), but false where a page of either side is no longer there: a client may truncate the file that it has shared, and
/// touching what is left of its mapping raises SIGBUS. Takes over that signal's handling in this process at the first call; one
/// raised anywhere else ends the process as before.
bool guarded_copy(void* to, const void* from, std::size_t bytes);

}  // namespace ahcisim::vfio_user
