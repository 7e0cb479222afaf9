#include "trust/openssl/session.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hawser {

namespace {

constexpr size_t kRecordBytes = 16 * 1024;  // of what is sent, in one TLS record
// A key of AES-GCM is good for 2^24.5 records; a new one is made long before. The kernel takes no second key.
constexpr uint64_t kRecordsPerKey = 1u << 23;
constexpr int kKernelControl = 0x1000;  // the flag by which OpenSSL sends records that are no data through kernel TLS

constexpr const char* kHungUp = "the peer hung up: has it an identity, too, and does it trust this one?";

// OpenSSL's socket, with kernel TLS and all, but that a peer which is gone raises no SIGPIPE.
int write_quietly(BIO* socket, const char* data, int bytes) {
  const OpenSsl* library = nullptr;
  (void)OpenSsl::get(&library);
  if (library->BIO_test_flags(socket, kKernelControl) != 0) {
    return library->BIO_meth_get_write(library->BIO_s_socket())(socket, data, bytes);
  }
  const long fd = library->BIO_ctrl(socket, BIO_C_GET_FD, 0, nullptr);
  library->BIO_clear_flags(socket, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  const auto* session = reinterpret_cast<const OpenSslSession*>(library->BIO_get_callback_arg(socket));
  // The kernel makes long segments of short records when it knows that more are to come.
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (session->writes_more() ? MSG_MORE : 0);
  const ssize_t sent = ::send(static_cast<int>(fd), data, static_cast<size_t>(bytes), flags);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    library->BIO_set_flags(socket, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
  }
  return static_cast<int>(sent);
}

BIO_METHOD* make_quiet_socket(const OpenSsl& library) {
  const BIO_METHOD* socket = library.BIO_s_socket();
  BIO_METHOD* quiet = library.BIO_meth_new(BIO_TYPE_SOCKET, "socket without signals");
  if (quiet == nullptr) return nullptr;
  library.BIO_meth_set_read(quiet, library.BIO_meth_get_read(socket));
  library.BIO_meth_set_write(quiet, write_quietly);
  library.BIO_meth_set_puts(quiet, library.BIO_meth_get_puts(socket));
  library.BIO_meth_set_ctrl(quiet, library.BIO_meth_get_ctrl(socket));
  library.BIO_meth_set_create(quiet, library.BIO_meth_get_create(socket));
  library.BIO_meth_set_destroy(quiet, library.BIO_meth_get_destroy(socket));
  return quiet;
}

// What an alert of the peer's means for whoever has to put things right.
const char* meaning_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return "it finds nothing that both ends could prove themselves with: one has certificates, the other a shared "
             "key?";
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "it does not accept this end's certificate";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "this end's certificate was revoked";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "this end's certificate has expired, by its clock";
    case SSL_AD_UNKNOWN_CA:
      return "none of its roots vouches for this end's certificate";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "it wants a certificate, and this end has none";
    case SSL_AD_PROTOCOL_VERSION:
      return "it does not speak TLS 1.3";
    case SSL_AD_ILLEGAL_PARAMETER:
    case SSL_AD_DECRYPT_ERROR:
      return "it does not accept this end's proof: are both pre-shared keys the same?";
    default:
      return nullptr;
  }
}

}  // namespace

void Remembered::keep(const std::string& meeting, OpenSslPointer<SSL_SESSION> session) {
  const std::scoped_lock lock(mutex_);
  sessions_.remove_if([&](const auto& entry) { return entry.first == meeting; });
  sessions_.emplace_front(meeting, std::move(session));
  if (sessions_.size() > kMost) sessions_.pop_back();
}

OpenSslPointer<SSL_SESSION> Remembered::find(const std::string& meeting) const {
  const std::scoped_lock lock(mutex_);
  if (sessions_.empty()) return {nullptr, {nullptr}};
  const auto met =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& one) { return one.first == meeting; });
  // The lanes of a link go to the party that the bootstrap has just met. Another one does not know the session, and the
  // two prove themselves in full.
  const auto& session = met == sessions_.end() ? sessions_.front().second : met->second;
  const OpenSslFree free = session.get_deleter();
  return {free.library->SSL_SESSION_dup(session.get()), free};
}

OpenSslSession::OpenSslSession(std::shared_ptr<const Credentials> credentials, std::vector<std::string> peer_names)
    : credentials_(std::move(credentials)),
      library_(credentials_->library()),
      ssl_(nullptr, {&library_}),
      expected_(std::move(peer_names)) {}

OpenSslSession::~OpenSslSession() {
  // Without this OpenSSL takes the session for a bad one, which must not be resumed.
  if (ssl_ != nullptr) library_.SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Status OpenSslSession::attach(int fd) {
  static BIO_METHOD* const quiet = make_quiet_socket(library_);
  library_.ERR_clear_error();
  ssl_.reset(library_.SSL_new(credentials_->context()));
  BIO* socket = ssl_ == nullptr || quiet == nullptr ? nullptr : library_.BIO_new(quiet);
  if (socket == nullptr) return {HAWSER_OUT_OF_MEMORY, "OpenSSL cannot make a connection: " + library_.reason()};
  library_.BIO_int_ctrl(socket, BIO_C_SET_FD, BIO_NOCLOSE, fd);
  library_.BIO_set_callback_arg(socket, reinterpret_cast<char*>(this));
  library_.SSL_set_bio(ssl_.get(), socket, socket);
  library_.SSL_set_ex_data(ssl_.get(), 0, this);
  record_ = std::make_unique_for_overwrite<std::array<unsigned char, kRecordBytes>>();
  return {};
}

Status OpenSslSession::connect(int fd, const std::string& meeting, const std::shared_ptr<Remembered>& remembered) {
  if (Status status = attach(fd); !status.ok()) return status;
  remembered_ = remembered;
  meeting_ = meeting;
  if (const auto session = remembered_->find(meeting_); session != nullptr) {
    library_.SSL_set_session(ssl_.get(), session.get());
  }
  library_.SSL_set_connect_state(ssl_.get());
  awaits_ = POLLOUT;
  return {};
}

Status OpenSslSession::accept(int fd) {
  if (Status status = attach(fd); !status.ok()) return status;
  library_.SSL_set_accept_state(ssl_.get());
  awaits_ = POLLIN;
  return {};
}

int OpenSslSession::on_new_session(SSL* ssl, SSL_SESSION* session) {
  const OpenSsl* library = nullptr;
  (void)OpenSsl::get(&library);
  auto* self = static_cast<OpenSslSession*>(library->SSL_get_ex_data(ssl, 0));
  if (self == nullptr || self->remembered_ == nullptr) return 0;
  self->remembered_->keep(self->meeting_, {session, {library}});
  return 1;
}

Status OpenSslSession::handshake(bool* done) {
  *done = known_;
  if (known_) return {};
  library_.ERR_clear_error();
  const int returned = library_.SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    Status met = meet_peer();
    *done = known_ = met.ok();
#ifdef BIO_CTRL_GET_KTLS_SEND
    kernel_encrypts_ = library_.BIO_ctrl(library_.SSL_get_wbio(ssl_.get()), BIO_CTRL_GET_KTLS_SEND, 0, nullptr) > 0;
#endif
    return met;
  }
  const int met = note_failure(returned);
  if (met == EAGAIN) return {};
  return {HAWSER_REFUSED, failure_, met == 0 ? ECONNRESET : met == EPROTO ? 0 : met};
}

// A session that is resumed brings the certificate along that was checked when it began: time may have passed.
Status OpenSslSession::meet_peer() {
  if (credentials_->shares_key()) {
    if (library_.SSL_session_reused(ssl_.get()) == 1) return {};
    return {HAWSER_REFUSED, "the peer does not know the pre-shared key"};
  }
  const OpenSslPointer<X509> certificate(library_.get_peer_certificate(ssl_.get()), {&library_});
  if (certificate == nullptr) return {HAWSER_REFUSED, "the peer shows no certificate"};
  names_ = names_of(library_, certificate.get());
  return check_validity(library_, certificate.get(), "the peer's certificate");
}

Status OpenSslSession::vouch(int rank) const {
  if (expected_.empty()) return {};
  std::string shown;
  for (const std::string& name : names_) shown += (shown.empty() ? "" : ", ") + name;
  if (shown.empty()) shown = "no name";
  const auto has = [&](const std::string& name) {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  };
  if (rank < 0) {
    if (std::any_of(expected_.begin(), expected_.end(), has)) return {};
    return {HAWSER_REFUSED, "the peer's certificate is for " + shown + ", which is no party's name here"};
  }
  if (static_cast<size_t>(rank) >= expected_.size()) {
    return {HAWSER_REFUSED, "the peer says that it is rank " + std::to_string(rank) + ", and there are names for " +
                                std::to_string(expected_.size()) + " ranks here"};
  }
  const std::string& expected = expected_[static_cast<size_t>(rank)];
  if (expected.empty() || has(expected)) return {};
  return {HAWSER_REFUSED, "the peer says that it is rank " + std::to_string(rank) + ", and its certificate is for " +
                              shown + ", not for " + expected};
}

bool OpenSslSession::resumed() const {
  return !credentials_->shares_key() && library_.SSL_session_reused(ssl_.get()) == 1;
}

int OpenSslSession::note_failure(int returned) {
  const int system = errno;
  const int error = library_.SSL_get_error(ssl_.get(), returned);
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      awaits_ = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
      return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      library_.ERR_clear_error();
      failure_ = kHungUp;
      return system;
    default:
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
      // A link says goodbye in words of its own, and a lane may end at any time: this is no attack on either.
      if (ERR_GET_REASON(library_.ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        library_.ERR_clear_error();
        failure_ = kHungUp;
        return 0;
      }
#endif
      failure_ = explain();
      return EPROTO;
  }
}

std::string OpenSslSession::explain() const {
  const unsigned long last = library_.ERR_peek_last_error();
  const int reason = ERR_GET_REASON(last);
  const std::string text = library_.reason();
  if (reason > SSL_AD_REASON_OFFSET) {
    const char* meaning = meaning_of_alert(reason - SSL_AD_REASON_OFFSET);
    return "the peer refuses this end: " + (meaning == nullptr ? text : meaning);
  }
  switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return std::string("the peer's certificate is refused: ") +
             library_.X509_verify_cert_error_string(library_.SSL_get_verify_result(ssl_.get()));
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the peer shows no certificate";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "the peer does not speak TLS: has it an identity, too?";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the peer does not speak TLS 1.3";
    case SSL_R_BINDER_DOES_NOT_VERIFY:
      return "the peer's pre-shared key is another one";
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
      return "the peer has nothing to prove itself with: one end has certificates, the other a shared key?";
    default:
      return "TLS failed: " + text;
  }
}

// One record, of what is `offset` bytes into the vectors. Small pieces are gathered: a record costs as much as the
// system call that carries it.
ssize_t OpenSslSession::write_record(const iovec* vectors, size_t count, size_t offset) {
  const void* data = static_cast<const unsigned char*>(vectors->iov_base) + offset;
  size_t bytes = std::min(vectors->iov_len - offset, kRecordBytes);
  if (bytes < kRecordBytes && count > 1) {
    size_t gathered = 0;
    for (size_t i = 0; i < count && gathered < kRecordBytes; ++i, offset = 0) {
      const size_t part = std::min(vectors[i].iov_len - offset, kRecordBytes - gathered);
      std::memcpy(record_->data() + gathered, static_cast<const unsigned char*>(vectors[i].iov_base) + offset, part);
      gathered += part;
    }
    data = record_->data();
    bytes = gathered;
  }
  const int written = library_.SSL_write(ssl_.get(), data, static_cast<int>(bytes));
  if (written > 0) return written;
  const int met = note_failure(written);
  errno = met == 0 ? EPIPE : met;
  return -1;
}

ssize_t OpenSslSession::send(const iovec* vectors, size_t count) {
  size_t left = 0;
  for (size_t i = 0; i < count; ++i) left += vectors[i].iov_len;
  size_t total = 0;
  size_t offset = 0;
  while (count > 0) {
    if (offset == vectors->iov_len) {
      ++vectors;
      --count;
      offset = 0;
      continue;
    }
    more_ = left > kRecordBytes;
    const ssize_t written = write_record(vectors, count, offset);
    if (written < 0) {
      // What went before counts; the next call meets the failure again.
      return total > 0 ? static_cast<ssize_t>(total) : -1;
    }
    total += static_cast<size_t>(written);
    left -= static_cast<size_t>(written);
    offset += static_cast<size_t>(written);
    for (; count > 0 && offset > vectors->iov_len; ++vectors, --count) offset -= vectors->iov_len;
    if (++records_ == kRecordsPerKey) {
      records_ = 0;
      if (!kernel_encrypts_) library_.SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    }
  }
  return static_cast<ssize_t>(total);
}

ssize_t OpenSslSession::receive(const iovec* vectors, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count && !ended_; ++i) {
    for (size_t got = 0; got < vectors[i].iov_len;) {
      const size_t wanted = std::min<size_t>(vectors[i].iov_len - got, 1u << 30);
      const int read = library_.SSL_read(ssl_.get(), static_cast<unsigned char*>(vectors[i].iov_base) + got,
                                         static_cast<int>(wanted));
      if (read > 0) {
        got += static_cast<size_t>(read);
        total += static_cast<size_t>(read);
        continue;
      }
      const int met = note_failure(read);
      if (met == EAGAIN && total > 0) return static_cast<ssize_t>(total);
      if (met == EAGAIN) {
        errno = EAGAIN;
        return -1;
      }
      ended_ = true;
      end_ = met;
      break;
    }
  }
  if (total > 0 || !ended_ || end_ == 0) return static_cast<ssize_t>(total);
  errno = end_;
  return -1;
}

void OpenSslSession::move_to(int fd) {
  library_.BIO_int_ctrl(library_.SSL_get_wbio(ssl_.get()), BIO_C_SET_FD, BIO_NOCLOSE, fd);
}

}  // namespace hawser
