#include "trust/openssl/credentials.h"

#include <cstdlib>
#include <ctime>

#include "trust/openssl/session.h"

namespace hawser {

namespace {

constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr unsigned char kSharedKeySuite[] = {0x13, 0x01};  // TLS_AES_128_GCM_SHA256
constexpr std::string_view kSharedKeyName = "hawser";
constexpr unsigned char kMeetingPlace[] = "hawser";  // what OpenSSL wants to resume sessions with certificates
constexpr long kSessionSeconds = 3600;
// Records that are read by one system call.
constexpr size_t kReadBytes = 128 * 1024;
constexpr const char* kSharedKeyVariable = "HAWSER_TLS_PSK";

// Keys are not encrypted: OpenSSL must not ask a terminal.
int no_password(char*, int, int, void*) { return 0; }

std::string date(const OpenSsl& library, const ASN1_TIME* time) {
  std::tm parts{};
  char text[32] = "";
  if (library.ASN1_TIME_to_tm(time, &parts) == 1) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

// The certificates of a file in PEM form, in order.
Status read_certificates(const OpenSsl& library, const std::string& path, const std::string& what,
                         std::vector<OpenSslPointer<X509>>* out) {
  Secret text;
  if (Status status = Secret::read(path, what, Secret::Readers::kAnyone, &text); !status.ok()) return status;
  const OpenSslPointer<BIO> pem(library.BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), {&library});
  while (X509* one = library.PEM_read_bio_X509(pem.get(), nullptr, no_password, nullptr)) {
    out->emplace_back(one, OpenSslFree{&library});
  }
  const bool damaged = ERR_GET_REASON(library.ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  const std::string reason = library.reason();
  if (damaged) return {HAWSER_INVALID_ARGUMENT, "the " + what + " " + path + " is damaged: " + reason};
  if (out->empty()) return {HAWSER_INVALID_ARGUMENT, "the " + what + " " + path + " holds no certificate in PEM form"};
  return {};
}

}  // namespace

Status check_validity(const OpenSsl& library, const X509* certificate, const std::string& name) {
  const ASN1_TIME* begin = library.X509_get0_notBefore(certificate);
  const ASN1_TIME* end = library.X509_get0_notAfter(certificate);
  if (library.X509_cmp_current_time(begin) > 0) {
    return {HAWSER_REFUSED, name + " is not valid before " + date(library, begin) + ": are the clocks right?"};
  }
  if (library.X509_cmp_current_time(end) < 0) {
    return {HAWSER_REFUSED, name + " has expired at " + date(library, end) + ": have it renewed"};
  }
  return {};
}

std::vector<std::string> names_of(const OpenSsl& library, const X509* certificate) {
  std::vector<std::string> names;
  const OpenSslPointer<GENERAL_NAMES> all(
      static_cast<GENERAL_NAMES*>(library.X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      {&library});
  const auto* stack = reinterpret_cast<const OPENSSL_STACK*>(all.get());
  for (int i = 0; all != nullptr && i < library.OPENSSL_sk_num(stack); ++i) {
    const auto* name = static_cast<const GENERAL_NAME*>(library.OPENSSL_sk_value(stack, i));
    if (name->type != GEN_DNS && name->type != GEN_URI) continue;
    const ASN1_STRING* text = name->d.ia5;
    names.emplace_back(reinterpret_cast<const char*>(library.ASN1_STRING_get0_data(text)),
                       static_cast<size_t>(library.ASN1_STRING_length(text)));
  }
  return names;
}

Status Credentials::load(const IdentityFiles& files) {
  library_.ERR_clear_error();
  if (Status status = make_context(); !status.ok()) return status;
  return files.has_certificate() ? load_certificate(files) : load_shared_key(files.psk_file);
}

Status Credentials::make_context() {
  context_.reset(library_.SSL_CTX_new(library_.TLS_method()));
  SSL_CTX* context = context_.get();
  const bool made = context != nullptr &&
                    library_.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr) == 1 &&
                    library_.SSL_CTX_set_ciphersuites(context, kSuites) == 1 &&
                    library_.SSL_CTX_set_session_id_context(context, kMeetingPlace, sizeof kMeetingPlace) == 1;
  if (!made) return {HAWSER_UNSUPPORTED, "OpenSSL offers no TLS 1.3: " + library_.reason()};
  library_.SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN,
                        nullptr);
  library_.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
  library_.SSL_CTX_set_default_read_buffer_len(context, kReadBytes);
  library_.SSL_CTX_set_timeout(context, kSessionSeconds);
  library_.SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // The kernel encrypts where it can. OpenSSL's older releases do not know the option.
#ifdef SSL_OP_ENABLE_KTLS
  library_.SSL_CTX_set_options(context, SSL_OP_ENABLE_KTLS);
#endif
  library_.SSL_CTX_set_ex_data(context, 0, this);
  return {};
}

Status Credentials::load_certificate(const IdentityFiles& files) {
  std::vector<OpenSslPointer<X509>> chain;
  if (Status status = read_certificates(library_, files.certificate, "certificate", &chain); !status.ok())
    return status;
  for (const auto& certificate : chain) {
    Status status = check_validity(library_, certificate.get(), "the certificate " + files.certificate);
    if (!status.ok()) return {HAWSER_INVALID_ARGUMENT, status.text()};
  }
  bool taken = library_.SSL_CTX_use_certificate(context(), chain.front().get()) == 1;
  for (size_t i = 1; i < chain.size() && taken; ++i) {
    taken = library_.SSL_CTX_ctrl(context(), SSL_CTRL_CHAIN_CERT, 1, chain[i].get()) == 1;
  }
  if (!taken) {
    return {HAWSER_INVALID_ARGUMENT, "the certificate " + files.certificate + " cannot be used: " + library_.reason()};
  }
  if (Status status = load_key(files.key, chain.front().get(), files.certificate); !status.ok()) return status;
  library_.SSL_CTX_ctrl(context(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL,
                        nullptr);
  library_.SSL_CTX_sess_set_new_cb(context(), OpenSslSession::on_new_session);
  library_.SSL_CTX_set_num_tickets(context(), 1);
  return load_roots(files.roots);
}

Status Credentials::load_key(const std::string& path, X509* certificate, const std::string& certificate_path) {
  Secret text;
  if (Status status = Secret::read(path, "key", Secret::Readers::kOwner, &text); !status.ok()) return status;
  const OpenSslPointer<BIO> pem(library_.BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), {&library_});
  const OpenSslPointer<EVP_PKEY> key(library_.PEM_read_bio_PrivateKey(pem.get(), nullptr, no_password, nullptr),
                                     {&library_});
  library_.ERR_clear_error();
  if (key == nullptr) {
    return {HAWSER_INVALID_ARGUMENT, "the key " + path + " holds no private key in PEM form, or an encrypted one"};
  }
  if (library_.X509_check_private_key(certificate, key.get()) != 1) {
    library_.ERR_clear_error();
    return {HAWSER_INVALID_ARGUMENT, "the key " + path + " is not the key of the certificate " + certificate_path};
  }
  if (library_.SSL_CTX_use_PrivateKey(context(), key.get()) == 1) return {};
  return {HAWSER_INVALID_ARGUMENT, "the key " + path + " cannot be used: " + library_.reason()};
}

Status Credentials::load_roots(const std::string& path) {
  std::vector<OpenSslPointer<X509>> roots;
  if (Status status = read_certificates(library_, path, "roots", &roots); !status.ok()) return status;
  OpenSslPointer<X509_STORE> store(library_.X509_STORE_new(), {&library_});
  Status first;
  bool some = false;
  for (const auto& root : roots) {
    Status status = check_validity(library_, root.get(), "the root in " + path);
    some = some || status.ok();
    if (first.ok()) first = status;
    if (library_.X509_STORE_add_cert(store.get(), root.get()) != 1) {
      return {HAWSER_INVALID_ARGUMENT, "a root in " + path + " cannot be used: " + library_.reason()};
    }
  }
  // A bundle may hold old ones too.
  if (!some) return {HAWSER_INVALID_ARGUMENT, first.text()};
  library_.SSL_CTX_set_cert_store(context(), store.release());
  return {};
}

Status Credentials::load_shared_key(const std::string& path) {
  std::string name = "the pre-shared key " + path;
  Secret text;
  if (path.empty()) {
    name = std::string("the pre-shared key in ") + kSharedKeyVariable;
    const char* value = std::getenv(kSharedKeyVariable);
    if (value == nullptr) {
      return {HAWSER_INVALID_ARGUMENT,
              std::string("an identity needs a certificate, its key and roots, or a pre-shared key: its file, or the "
                          "variable ") +
                  kSharedKeyVariable};
    }
    if (Status status = Secret::copy(value, &text); !status.ok()) return status;
  } else if (Status status = Secret::read(path, "pre-shared key", Secret::Readers::kOwner, &text); !status.ok()) {
    return status;
  }
  const std::string_view line = text.first_line();
  if (line.size() < HAWSER_PSK_LEAST || line.size() > HAWSER_PSK_MOST) {
    return {HAWSER_INVALID_ARGUMENT, name + " must have " + std::to_string(HAWSER_PSK_LEAST) + " to " +
                                         std::to_string(HAWSER_PSK_MOST) +
                                         " bytes: make one with openssl rand -hex 32"};
  }
  if (Status status = Secret::copy(line, &shared_key_); !status.ok()) return status;
  // A session with a shared key is as cheap as one that is resumed.
  library_.SSL_CTX_set_num_tickets(context(), 0);
  library_.SSL_CTX_set_psk_use_session_callback(context(), offer_shared_key);
  library_.SSL_CTX_set_psk_find_session_callback(context(), find_shared_key);
  return {};
}

const Credentials& Credentials::of(SSL* ssl) {
  const OpenSsl* library = nullptr;
  (void)OpenSsl::get(&library);
  return *static_cast<const Credentials*>(library->SSL_CTX_get_ex_data(library->SSL_get_SSL_CTX(ssl), 0));
}

OpenSslPointer<SSL_SESSION> Credentials::make_shared_session(SSL* ssl) const {
  OpenSslPointer<SSL_SESSION> session(library_.SSL_SESSION_new(), {&library_});
  const SSL_CIPHER* cipher = library_.SSL_CIPHER_find(ssl, kSharedKeySuite);
  const bool made = session != nullptr && cipher != nullptr &&
                    library_.SSL_SESSION_set1_master_key(session.get(), shared_key_.data(), shared_key_.size()) == 1 &&
                    library_.SSL_SESSION_set_cipher(session.get(), cipher) == 1 &&
                    library_.SSL_SESSION_set1_id_context(session.get(), kMeetingPlace, sizeof kMeetingPlace) == 1 &&
                    library_.SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) == 1;
  if (!made) session.reset();
  return session;
}

int Credentials::offer_shared_key(SSL* ssl, const EVP_MD*, const unsigned char** name, size_t* bytes,
                                  SSL_SESSION** out) {
  *out = of(ssl).make_shared_session(ssl).release();
  *name = reinterpret_cast<const unsigned char*>(kSharedKeyName.data());
  *bytes = kSharedKeyName.size();
  return *out != nullptr ? 1 : 0;
}

int Credentials::find_shared_key(SSL* ssl, const unsigned char* name, size_t bytes, SSL_SESSION** out) {
  const std::string_view offered(reinterpret_cast<const char*>(name), bytes);
  *out = offered == kSharedKeyName ? of(ssl).make_shared_session(ssl).release() : nullptr;
  return 1;
}

}  // namespace hawser
