// What a link notes of itself for hawser stat.
#include <unistd.h>

#include "lane/tests/party.h"

namespace hawser::testing {
namespace {

// The first row in use of this end's links; null when there is none.
const hawser_stat_link* link_of(const stats::Image& image, int32_t rank) {
  for (const auto& link : image.links) {
    if (link.used != 0 && link.rank == rank) return &link;
  }
  return nullptr;
}

uint64_t sent_bytes(const stats::Image& image, const hawser_stat_link* link) {
  uint64_t sum = 0;
  for (const auto& lane : image.lanes) {
    if (lane.used != 0 && image.links + lane.link == link) sum += load_relaxed(lane.sent_bytes);
  }
  return sum;
}

TEST(LinkNotes, TellWhatTheLanesHaveCarriedAndGoWithTheLink) {
  hawser_config first = test_config();
  first.rank = 0;
  hawser_config second = test_config();
  second.rank = 1;
  stats::File* file = nullptr;
  {
    Pair pair(first, second);
    file = stats::File::present();
    ASSERT_NE(file, nullptr);
    const stats::Image& image = file->image();
    const hawser_stat_link* link = link_of(image, 0);
    ASSERT_NE(link, nullptr);
    EXPECT_EQ(link->peer_rank, 1);
    EXPECT_EQ(link->peer_pid, getpid());
    EXPECT_EQ(link->lanes, 4u);
    EXPECT_EQ(link->state, static_cast<uint32_t>(HAWSER_LINK_OPEN));

    const auto data = random_bytes(3u << 20, 1);
    std::vector<unsigned char> copy(data.size());
    const uint64_t idle = pair.b.driver->receive(pair.b.id, 8, copy.data(), copy.size());
    const uint64_t receive = pair.b.driver->receive(pair.b.id, 7, copy.data(), copy.size());
    const uint64_t send = pair.a.driver->send(pair.a.id, 7, data.data(), data.size());
    ASSERT_TRUE(pair.drive_until([&] { return pair.a.completion(send) && pair.b.completion(receive); }));
    ASSERT_FALSE(pair.b.completion(idle));
    uint64_t counted = 0;
    for (uint32_t i = 0; i < 4; ++i) counted += pair.a.link->shared()->lane[i].sent_bytes;
    EXPECT_GE(counted, data.size());
    EXPECT_EQ(sent_bytes(image, link), counted);
    EXPECT_EQ(link_of(image, 1)->receives, 1u) << "the one that no message has come for";
  }
  EXPECT_EQ(link_of(file->image(), 0), nullptr);
  EXPECT_EQ(sent_bytes(file->image(), file->image().links), 0u);
}

}  // namespace
}  // namespace hawser::testing
