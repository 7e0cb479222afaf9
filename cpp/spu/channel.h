// yacl's IChannel on a table of C functions, without a line of Python a message.
#pragma once

#include "hawser_spu.h"
#include "spu/python.h"

namespace hawser::spu {

// Makes the types of this file; with the interpreter held, once. `error` becomes the exception of a failed channel.
void prepare_channels(Ref error);

// A dict of the methods that libspu looks up, by name, all of them over one channel. When the last of them goes, so
// does the channel.
Ref channel_methods(const hawser_spu_channel& ops, int64_t channel);

// With the interpreter held.
int64_t live_channels();

}  // namespace hawser::spu
