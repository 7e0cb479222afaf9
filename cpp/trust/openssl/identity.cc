#include "trust/identity.h"

#include <mutex>

#include "base/text.h"
#include "trust/openssl/session.h"

namespace hawser {

namespace {

class OpenSslIdentity : public Identity {
 public:
  OpenSslIdentity(const OpenSsl& library, IdentityFiles files) : library_(library), files_(std::move(files)) {}

  Status reload() override {
    auto fresh = std::make_shared<Credentials>(library_);
    if (Status status = fresh->load(files_); !status.ok()) return status;
    const std::scoped_lock lock(mutex_);
    credentials_ = std::move(fresh);
    // Who is trusted now proves itself anew.
    remembered_ = std::make_shared<Remembered>();
    return {};
  }

  Status connect(int fd, const std::string& meeting, std::unique_ptr<TlsSession>* out) override {
    const std::scoped_lock lock(mutex_);
    auto session = std::make_unique<OpenSslSession>(credentials_, files_.peer_names);
    Status status = session->connect(fd, meeting, remembered_);
    if (status.ok()) *out = std::move(session);
    return status;
  }

  Status accept(int fd, std::unique_ptr<TlsSession>* out) override {
    const std::scoped_lock lock(mutex_);
    auto session = std::make_unique<OpenSslSession>(credentials_, files_.peer_names);
    Status status = session->accept(fd);
    if (status.ok()) *out = std::move(session);
    return status;
  }

 private:
  const OpenSsl& library_;
  const IdentityFiles files_;
  std::mutex mutex_;
  std::shared_ptr<const Credentials> credentials_;
  std::shared_ptr<Remembered> remembered_;
};

Status take(const hawser_identity_config& config, IdentityFiles* out) {
  if (config.struct_size != sizeof(config)) {
    return {HAWSER_VERSION_MISMATCH, "the caller's hawser_identity_config has " + std::to_string(config.struct_size) +
                                         " bytes, not " + std::to_string(sizeof(config))};
  }
  out->certificate = bounded_text(config.certificate);
  out->key = bounded_text(config.key);
  out->roots = bounded_text(config.roots);
  out->psk_file = bounded_text(config.psk_file);
  for (uint32_t rank = 0; config.peer_names != nullptr && rank < config.ranks; ++rank) {
    const char* name = config.peer_names[rank];
    out->peer_names.emplace_back(name == nullptr ? "" : name);
  }
  const bool some = !out->certificate.empty() || !out->key.empty() || !out->roots.empty();
  const bool all = !out->certificate.empty() && !out->key.empty() && !out->roots.empty();
  if (some && !all) {
    return {HAWSER_INVALID_ARGUMENT, "an identity needs all three files: the certificate, its key and the roots"};
  }
  if (all && !out->psk_file.empty()) {
    return {HAWSER_INVALID_ARGUMENT, "an identity has either a certificate or a pre-shared key, not both"};
  }
  if (!all && !out->peer_names.empty()) {
    return {HAWSER_INVALID_ARGUMENT, "who shares a key cannot be told apart: names of peers need certificates"};
  }
  return {};
}

}  // namespace

Status Identity::open(const hawser_identity_config& config, std::shared_ptr<Identity>* out) {
  IdentityFiles files;
  if (Status status = take(config, &files); !status.ok()) return status;
  const OpenSsl* library = nullptr;
  if (Status status = OpenSsl::get(&library); !status.ok()) return status;
  auto identity = std::make_shared<OpenSslIdentity>(*library, std::move(files));
  Status status = identity->reload();
  if (status.ok()) *out = std::move(identity);
  return status;
}

}  // namespace hawser
