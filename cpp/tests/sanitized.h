// Whether a test was built with a sanitizer, for what cannot be had, or takes too long, under one.
#pragma once

namespace hawser::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace hawser::testing
