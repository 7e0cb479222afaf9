// The configuration of the lanes, from the environment of the process that NCCL runs in.
#pragma once

#include <memory>

#include "base/status.h"
#include "trust/identity.h"

namespace hawser::nccl {

// Fills `out` from those HAWSER_* variables of org.hawser.Setting that concern lanes. Only reads the environment. A
// value that makes no sense is an error that names the variable; variables of other parts of Hawser are left alone.
Status read_settings(hawser_config* out);

// What the HAWSER_TLS_* variables say, as in Java: null where none is set. Reads the files that they name. NCCL tells a
// plugin no ranks: any name in HAWSER_TLS_PEERS will do for any peer.
Status read_identity(std::shared_ptr<Identity>* out);

}  // namespace hawser::nccl
