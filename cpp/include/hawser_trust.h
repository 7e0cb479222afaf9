// Who this party is to its peers, and whom it trusts: TLS 1.3 for lanes, their bootstrap and the ports' transport Tcp.
//
// An identity is either a certificate with its key and the roots that vouch for peers, or a key that all parties share.
// Both ends prove themselves, always. Its files are read by hawser_identity_open and hawser_identity_reload alone.
#pragma once

#include "hawser.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HAWSER_PSK_LEAST 32  // bytes of a pre-shared key, without the line's end
#define HAWSER_PSK_MOST 256

// Paths of PEM files: certificate, key and roots together; or psk_file alone, whose first line is the shared key; or
// none of them: the shared key is in the variable HAWSER_TLS_PSK. Files with secrets must be closed to others, and to
// the group where this user owns them.
typedef struct hawser_identity_config {
  uint32_t struct_size;   // sizeof(hawser_identity_config)
  uint32_t ranks;         // entries of peer_names
  char certificate[512];  // this party's, followed by the intermediate ones up to a root that the peers trust
  char key[512];          // not encrypted
  char roots[512];        // a peer must have a chain to one of them
  char psk_file[512];
  const char* const* peer_names;  // entry r: the name (a DNS or URI entry of the subject's alternative names) that rank
                                  // r's certificate must have; "": any. NULL: any name that the roots vouch for.
                                  // Copied
} hawser_identity_config;

// [any, reads files] Checks everything: that the key is the certificate's, that nothing has expired, who may read the
// files. Errors name the file and never what is in it. HAWSER_UNSUPPORTED without OpenSSL 1.1.1 or newer.
HAWSER_API int32_t hawser_identity_open(const hawser_identity_config* config, hawser_identity** out,
                                        hawser_error* error);

// [any, reads files] Reads the files again. Connections made from now on use what is there now, those that stand stay.
// After an error the identity is as it was.
HAWSER_API int32_t hawser_identity_reload(hawser_identity* identity, hawser_error* error);

// [any] Engines and port contexts that were opened with it keep what they need.
HAWSER_API void hawser_identity_close(hawser_identity* identity);

#ifdef __cplusplus
}
#endif
