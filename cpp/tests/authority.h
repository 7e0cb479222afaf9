// A small certificate authority for tests: its files are in a folder that goes with it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "trust/identity.h"

namespace hawser {

class Authority {
 public:
  explicit Authority(const std::string& name = "test root")
      : key_(make_key(), EVP_PKEY_free), root_(nullptr, X509_free) {
    char pattern[] = "/tmp/hawser-authority-XXXXXX";
    folder_ = mkdtemp(pattern);
    root_.reset(make_certificate(name, key_.get(), 24));
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    add_extension(NID_key_usage, "critical,keyCertSign,cRLSign");
    sign(root_.get());
    roots_ = write_pem("roots.pem", root_.get());
  }
  ~Authority() { std::filesystem::remove_all(folder_); }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  struct Issued {
    std::string certificate;
    std::string key;
  };
  // For the names (DNS:... or URI:..., as OpenSSL writes them), valid from an hour ago until `hours` from now.
  Issued issue(const std::string& file, const std::string& names, int hours = 24) const {
    const Key key(make_key(), EVP_PKEY_free);
    const Certificate leaf(make_certificate(file, key.get(), hours), X509_free);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(root_.get()));
    if (!names.empty()) add_extension(leaf.get(), NID_subject_alt_name, names.c_str());
    sign(leaf.get());
    return {write_pem(file + ".pem", leaf.get()), write_key(file + ".key", key.get())};
  }

  const std::string& roots() const { return roots_; }
  // Readable by this user alone.
  std::string write(const std::string& file, const std::string& text) const {
    const std::string path = folder_ + "/" + file;
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
    return path;
  }

  // What an identity of a certificate of this authority is opened with.
  hawser_identity_config config(const Issued& issued) const {
    hawser_identity_config made{};
    made.struct_size = sizeof made;
    copy_text(made.certificate, issued.certificate);
    copy_text(made.key, issued.key);
    copy_text(made.roots, roots_);
    return made;
  }
  hawser_identity_config shared_key(const std::string& file, const std::string& key) const {
    hawser_identity_config made{};
    made.struct_size = sizeof made;
    copy_text(made.psk_file, write(file, key + "\n"));
    return made;
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static EVP_PKEY* make_key() {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr),
                                                                              EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1);
    EVP_PKEY_keygen(context.get(), &key);
    return key;
  }
  static X509* make_certificate(const std::string& name, EVP_PKEY* key, int hours) {
    static long serial = 0;
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), -48 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(made), hours * 3600L);
    X509_set_pubkey(made, key);
    X509_NAME* subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(made, subject);
    return made;
  }
  static void add_extension(X509* to, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void add_extension(int kind, const char* value) const { add_extension(root_.get(), kind, value); }
  void sign(X509* certificate) const { EXPECT_GT(X509_sign(certificate, key_.get(), EVP_sha256()), 0); }

  std::string write_text(const std::string& file, BIO* text) const {
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(text, &data);
    std::string path = write(file, std::string(data, static_cast<size_t>(bytes)));
    BIO_free(text);
    return path;
  }
  std::string write_pem(const std::string& file, X509* certificate) const {
    BIO* text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(text, certificate);
    return write_text(file, text);
  }
  std::string write_key(const std::string& file, EVP_PKEY* key) const {
    BIO* text = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(text, key, nullptr, nullptr, 0, nullptr, nullptr);
    return write_text(file, text);
  }

  Key key_;
  Certificate root_;
  std::string folder_;
  std::string roots_;
};

}  // namespace hawser
