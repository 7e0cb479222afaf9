// What an identity's files said when they were read last: made once, never changed. Connections keep theirs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trust/openssl/library.h"
#include "trust/secret.h"

namespace hawser {

// What of a hawser_identity_config is kept.
struct IdentityFiles {
  std::string certificate;
  std::string key;
  std::string roots;
  std::string psk_file;
  std::vector<std::string> peer_names;  // by rank; empty: any

  bool has_certificate() const { return !certificate.empty(); }
};

class Credentials {
 public:
  explicit Credentials(const OpenSsl& library) : library_(library), context_(nullptr, {&library}) {}

  // Once, before anyone else knows it.
  Status load(const IdentityFiles& files);

  const OpenSsl& library() const { return library_; }
  SSL_CTX* context() const { return context_.get(); }
  bool shares_key() const { return shared_key_.size() > 0; }

 private:
  Status load_certificate(const IdentityFiles& files);
  Status load_key(const std::string& path, X509* certificate, const std::string& certificate_path);
  Status load_roots(const std::string& path);
  Status load_shared_key(const std::string& path);
  Status make_context();

  OpenSslPointer<SSL_SESSION> make_shared_session(SSL* ssl) const;
  static const Credentials& of(SSL* ssl);
  static int offer_shared_key(SSL* ssl, const EVP_MD* digest, const unsigned char** name, size_t* bytes,
                              SSL_SESSION** out);
  static int find_shared_key(SSL* ssl, const unsigned char* name, size_t bytes, SSL_SESSION** out);

  const OpenSsl& library_;
  OpenSslPointer<SSL_CTX> context_;
  Secret shared_key_;
};

// Why a certificate cannot be used now; OK when it can. `name` begins the text.
Status check_validity(const OpenSsl& library, const X509* certificate, const std::string& name);

// The DNS and URI entries of the subject's alternative names.
std::vector<std::string> names_of(const OpenSsl& library, const X509* certificate);

}  // namespace hawser
