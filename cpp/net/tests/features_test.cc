#include "net/features.h"

#include <gmock/gmock.h>
#include <sys/utsname.h>

namespace hawser {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(FeaturesTest, IsOneJsonObjectOfTheFactsThatDoctorShows) {
  const std::string json = features_json();
  EXPECT_THAT(json, MatchesRegex("\\{(\"[a-z0-9_]+\":(true|false|\"[^\"]*\"),?)+\\}")) << json;
  for (const char* name :
       {"kernel", "epoll_pwait2", "io_uring", "io_uring_send_zc", "msg_zerocopy", "tcp_notsent_lowat",
        "so_bindtodevice", "kernel_tls", "mptcp", "congestion_control", "crc32c"}) {
    EXPECT_THAT(json, HasSubstr("\"" + std::string(name) + "\":")) << name;
  }
  utsname kernel{};
  ASSERT_EQ(uname(&kernel), 0);
  EXPECT_THAT(json, HasSubstr(kernel.release));
  EXPECT_EQ(features_json(), json) << "facts do not change";
}

}  // namespace
}  // namespace hawser
