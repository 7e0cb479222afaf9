// OpenSSL, loaded at run time: libhawser.so needs it only where an identity is used. The headers give types alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace hawser {

// All that is used of it; libssl brings libcrypto along.
#define HAWSER_OPENSSL_FUNCTIONS(X)        \
  X(OpenSSL_version_num)                   \
  X(CRYPTO_secure_malloc_init)             \
  X(CRYPTO_secure_malloc_initialized)      \
  X(ERR_clear_error)                       \
  X(ERR_peek_last_error)                   \
  X(ERR_reason_error_string)               \
  X(BIO_new_mem_buf)                       \
  X(BIO_free)                              \
  X(BIO_new)                               \
  X(BIO_ctrl)                              \
  X(BIO_int_ctrl)                          \
  X(BIO_set_callback_arg)                  \
  X(BIO_get_callback_arg)                  \
  X(BIO_set_flags)                         \
  X(BIO_clear_flags)                       \
  X(BIO_test_flags)                        \
  X(BIO_s_socket)                          \
  X(BIO_meth_new)                          \
  X(BIO_meth_get_read)                     \
  X(BIO_meth_get_write)                    \
  X(BIO_meth_get_puts)                     \
  X(BIO_meth_get_ctrl)                     \
  X(BIO_meth_get_create)                   \
  X(BIO_meth_get_destroy)                  \
  X(BIO_meth_set_read)                     \
  X(BIO_meth_set_write)                    \
  X(BIO_meth_set_puts)                     \
  X(BIO_meth_set_ctrl)                     \
  X(BIO_meth_set_create)                   \
  X(BIO_meth_set_destroy)                  \
  X(PEM_read_bio_X509)                     \
  X(PEM_read_bio_PrivateKey)               \
  X(EVP_PKEY_free)                         \
  X(X509_free)                             \
  X(X509_cmp_current_time)                 \
  X(X509_get0_notBefore)                   \
  X(X509_get0_notAfter)                    \
  X(X509_check_private_key)                \
  X(X509_get_ext_d2i)                      \
  X(X509_STORE_new)                        \
  X(X509_STORE_free)                       \
  X(X509_STORE_add_cert)                   \
  X(X509_verify_cert_error_string)         \
  X(ASN1_TIME_to_tm)                       \
  X(ASN1_STRING_get0_data)                 \
  X(ASN1_STRING_length)                    \
  X(GENERAL_NAMES_free)                    \
  X(OPENSSL_sk_num)                        \
  X(OPENSSL_sk_value)                      \
  X(TLS_method)                            \
  X(SSL_CTX_new)                           \
  X(SSL_CTX_free)                          \
  X(SSL_CTX_ctrl)                          \
  X(SSL_CTX_set_options)                   \
  X(SSL_CTX_set_ciphersuites)              \
  X(SSL_CTX_set_verify)                    \
  X(SSL_CTX_use_certificate)               \
  X(SSL_CTX_use_PrivateKey)                \
  X(SSL_CTX_set_cert_store)                \
  X(SSL_CTX_set_session_id_context)        \
  X(SSL_CTX_sess_set_new_cb)               \
  X(SSL_CTX_set_timeout)                   \
  X(SSL_CTX_set_num_tickets)               \
  X(SSL_CTX_set_default_read_buffer_len)   \
  X(SSL_CTX_set_psk_use_session_callback)  \
  X(SSL_CTX_set_psk_find_session_callback) \
  X(SSL_new)                               \
  X(SSL_free)                              \
  X(SSL_get_wbio)                          \
  X(SSL_set_bio)                           \
  X(SSL_set_connect_state)                 \
  X(SSL_set_accept_state)                  \
  X(SSL_do_handshake)                      \
  X(SSL_get_error)                         \
  X(SSL_read)                              \
  X(SSL_write)                             \
  X(SSL_key_update)                        \
  X(SSL_set_shutdown)                      \
  X(SSL_session_reused)                    \
  X(SSL_set_session)                       \
  X(SSL_get_verify_result)                 \
  X(SSL_set_ex_data)                       \
  X(SSL_get_ex_data)                       \
  X(SSL_get_SSL_CTX)                       \
  X(SSL_CTX_set_ex_data)                   \
  X(SSL_CTX_get_ex_data)                   \
  X(SSL_SESSION_new)                       \
  X(SSL_SESSION_free)                      \
  X(SSL_SESSION_dup)                       \
  X(SSL_SESSION_set1_master_key)           \
  X(SSL_SESSION_set1_id_context)           \
  X(SSL_SESSION_set_cipher)                \
  X(SSL_SESSION_set_protocol_version)      \
  X(SSL_CIPHER_find)

class OpenSsl {
 public:
#define HAWSER_OPENSSL_FIELD(name) decltype(&::name) name = nullptr;
  HAWSER_OPENSSL_FUNCTIONS(HAWSER_OPENSSL_FIELD)
#undef HAWSER_OPENSSL_FIELD
  // Its name differs between releases.
  X509* (*get_peer_certificate)(const SSL*) = nullptr;

  // [any] The machine's, loaded at first use and never unloaded. HAWSER_UNSUPPORTED tells what to install; the answer
  // stays the same for the life of the process.
  static Status get(const OpenSsl** out);

  // The reason of what failed last on this thread, for the end of a message; its queue of errors is empty then.
  std::string reason() const;

 private:
  Status load();
};

// Frees what OpenSSL made.
struct OpenSslFree {
  const OpenSsl* library;
  void operator()(BIO* made) const { library->BIO_free(made); }
  void operator()(EVP_PKEY* made) const { library->EVP_PKEY_free(made); }
  void operator()(X509* made) const { library->X509_free(made); }
  void operator()(X509_STORE* made) const { library->X509_STORE_free(made); }
  void operator()(GENERAL_NAMES* made) const { library->GENERAL_NAMES_free(made); }
  void operator()(SSL_CTX* made) const { library->SSL_CTX_free(made); }
  void operator()(SSL* made) const { library->SSL_free(made); }
  void operator()(SSL_SESSION* made) const { library->SSL_SESSION_free(made); }
};
template <typename Made>
using OpenSslPointer = std::unique_ptr<Made, OpenSslFree>;

}  // namespace hawser
