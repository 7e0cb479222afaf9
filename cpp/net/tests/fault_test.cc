// The fault-injecting network's plans: what a seed, a file and a network's name say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "net/fault/transport.h"
#include "net/transports.h"

namespace hawser {
namespace {

using testing::HasSubstr;

std::vector<std::string> lines_of(const std::vector<Fault>& plan) {
  std::vector<std::string> lines;
  for (const Fault& fault : plan) lines.push_back(to_text(fault));
  return lines;
}

struct TemporaryFile {
  TemporaryFile() { close(mkstemp(path.data())); }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string path = (std::filesystem::temp_directory_path() / "hawser-fault-XXXXXX").string();
};

TEST(Fault, OneSeedIsOnePlan) {
  FaultSpec first;
  FaultSpec again;
  FaultSpec other;
  ASSERT_TRUE(parse_fault_spec("seed=7,faults=300,every=20", &first).ok());
  ASSERT_TRUE(parse_fault_spec("seed=7,faults=300,every=20", &again).ok());
  ASSERT_TRUE(parse_fault_spec("seed=8,faults=300,every=20", &other).ok());
  ASSERT_EQ(300u, first.plan.size());
  EXPECT_EQ(lines_of(first.plan), lines_of(again.plan));
  EXPECT_NE(lines_of(first.plan), lines_of(other.plan));
  std::set<FaultKind> kinds;
  for (size_t i = 0; i < first.plan.size(); ++i) {
    kinds.insert(first.plan[i].kind);
    EXPECT_TRUE(i == 0 || first.plan[i].at > first.plan[i - 1].at);
  }
  EXPECT_EQ(11u, kinds.size()) << "all but memory";
  EXPECT_NEAR(300.0 * 20, static_cast<double>(first.plan.back().at), 1500.0);
}

TEST(Fault, APlanIsReadFromAFileInItsOrder) {
  TemporaryFile file;
  std::ofstream(file.path) << "# a rehearsal\n90 1 silence 300\n12 3 reset 1\n\n90 2 corrupt 2\n";
  FaultSpec spec;
  ASSERT_TRUE(parse_fault_spec("plan=" + file.path + ",log=/x,net=plugin:a,b", &spec).ok());
  EXPECT_THAT(lines_of(spec.plan), testing::ElementsAre("12 3 reset 1", "90 1 silence 300", "90 2 corrupt 2"));
  EXPECT_EQ("/x", spec.log);
  EXPECT_EQ("plugin:a,b", spec.net);
}

TEST(Fault, WhatIsNoPlanIsRefusedWithWhatToWrite) {
  TemporaryFile file;
  std::ofstream(file.path) << "12 3 explode 1\n";
  const std::pair<std::string, const char*> cases[] = {
      {"seed", "KEY=VALUE"},
      {"seed=x", "no number"},
      {"every=0", "every"},
      {"kinds=reset+explode", "explode"},
      {"kinds=", "kinds"},
      {"speed=9", "speed"},
      {"plan=/nonexistent/plan", "cannot be read"},
      {"plan=" + file.path, "explode"},
  };
  for (const auto& [text, says] : cases) {
    FaultSpec spec;
    const Status status = parse_fault_spec(text, &spec);
    EXPECT_EQ(HAWSER_INVALID_ARGUMENT, status.code()) << text;
    EXPECT_THAT(status.text(), HasSubstr(says)) << text;
  }
}

TEST(Fault, ANetworkIsFaultyOnlyByItsName) {
  NetChoice choice;
  ASSERT_TRUE(make_transport("fault:seed=3,net=socket", "=lo,lo", {}, &choice).ok());
  EXPECT_STREQ("fault", choice.transport->name());
  EXPECT_EQ(2u, choice.lanes.size());
  NetChoice plain;
  ASSERT_TRUE(make_transport("", "=lo,lo", {}, &plain).ok());
  EXPECT_STREQ("socket", plain.transport->name());
  NetChoice wrong;
  EXPECT_EQ(HAWSER_INVALID_ARGUMENT, make_transport("fault:net=carrier-pigeon", "=lo", {}, &wrong).code());
  EXPECT_EQ(HAWSER_IO, make_transport("fault:log=/nonexistent/log", "=lo", {}, &wrong).code());
}

}  // namespace
}  // namespace hawser
