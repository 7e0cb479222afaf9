// One connection's TLS, and the sessions that are resumed.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "trust/identity.h"
#include "trust/openssl/credentials.h"

namespace hawser {

// The last session with each listener that this end met: lanes that come back resume theirs, and those that are new the
// last one of all. Any thread.
class Remembered {
 public:
  void keep(const std::string& meeting, OpenSslPointer<SSL_SESSION> session);
  // A copy, null when there is none.
  OpenSslPointer<SSL_SESSION> find(const std::string& meeting) const;

 private:
  static constexpr size_t kMost = 256;
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, OpenSslPointer<SSL_SESSION>>> sessions_;  // the newest first
};

class OpenSslSession : public TlsSession {
 public:
  OpenSslSession(std::shared_ptr<const Credentials> credentials, std::vector<std::string> peer_names);
  ~OpenSslSession() override;

  // One of both, once. `remembered` may end before the session.
  Status connect(int fd, const std::string& meeting, const std::shared_ptr<Remembered>& remembered);
  Status accept(int fd);

  Status handshake(bool* done) override;
  short awaits() const override { return awaits_; }
  ssize_t send(const iovec* vectors, size_t count) override;
  ssize_t receive(const iovec* vectors, size_t count) override;
  const std::string& failure() const override { return failure_; }
  bool ended() const override { return ended_; }
  void move_to(int fd) override;
  Status vouch(int rank) const override;
  bool resumed() const override;

  // For Credentials: OpenSSL's callback, by which the connecting end hears what it may resume.
  static int on_new_session(SSL* ssl, SSL_SESSION* session);
  // For the socket: whether what it writes is followed by more at once.
  bool writes_more() const { return more_; }

 private:
  Status attach(int fd);
  Status meet_peer();
  // What a call that returned this met: errno, and failure_ where that is EPROTO. 0: the peer's end.
  int note_failure(int returned);
  std::string explain() const;
  ssize_t write_record(const iovec* vectors, size_t count, size_t offset);

  const std::shared_ptr<const Credentials> credentials_;
  const OpenSsl& library_;
  OpenSslPointer<SSL> ssl_;
  std::shared_ptr<Remembered> remembered_;
  std::string meeting_;
  std::vector<std::string> expected_;  // by rank
  std::vector<std::string> names_;     // of the peer's certificate
  std::string failure_;
  short awaits_ = 0;
  bool known_ = false;  // the handshake is over
  bool ended_ = false;
  int end_ = 0;  // the errno with which it ended, 0 for the peer's end
  bool kernel_encrypts_ = false;
  bool more_ = false;
  uint64_t records_ = 0;  // since the key for sending was made
  std::unique_ptr<std::array<unsigned char, 16 * 1024>> record_;
};

}  // namespace hawser
