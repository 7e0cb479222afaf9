#include "net/survey.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "base/json.h"

namespace hawser {
namespace {

using testing::HasSubstr;

constexpr Nanos kLimit = 20 * kSecond;

TEST(SurveyTest, TellsOfEachKindOrWhyNot) {
  const std::string json = survey_json(kLimit);
  for (const char* name : {"gpus", "plugins", "libfabric", "providers", "devices", "problem"}) {
    EXPECT_THAT(json, HasSubstr("\"" + std::string(name) + "\":"));
  }
}

TEST(SurveyTest, WhatIsAskedApartComesBackWhole) {
  const std::string long_text(300'000, 'x');
  EXPECT_EQ(ask_apart([&] { return long_text; }, kLimit), long_text);
}

TEST(SurveyTest, ACrashIsAProblemAndNoMore) {
  const std::string json = ask_apart(
      []() -> std::string {
        raise(SIGSEGV);
        return {};
      },
      kLimit);
  EXPECT_THAT(json, HasSubstr("\"problem\":\"asking ended in a crash"));
}

TEST(SurveyTest, WhoTakesTooLongIsGivenUp) {
  const Nanos begin = now();
  const std::string json = ask_apart(
      []() -> std::string {
        sleep(60);
        return {};
      },
      200 * kMillisecond);
  EXPECT_THAT(json, HasSubstr("given up"));
  EXPECT_LT(now() - begin, 10 * kSecond);
}

TEST(JsonTest, StringsAreEscaped) { EXPECT_EQ(json_string("a \"b\" \\ c\nd\x01\xff"), "\"a \\\"b\\\" \\\\ c d??\""); }

}  // namespace
}  // namespace hawser
