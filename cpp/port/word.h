// The protocol of hawser_port_word, for threads and for processes that share one: who stores a value, who waits for it.
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/status.h"
#include "hawser_port.h"

namespace hawser::port {

// A moment of a loop that looks at shared memory.
void relax();

// [any] Stores `value`, which must not shrink, behind all that the caller wrote before, and wakes who sleeps.
void store_word(hawser_port_word& word, uint64_t value);
uint64_t load_word(const hawser_port_word& word);
// [any] Wakes who sleeps, so that it looks at what else it waits for.
void ring_word(hawser_port_word& word);

// [blocks] Until the value is `expected` or more (true), or `over()` is, or the deadline (false). Spins for `spin`
// first. `rung` tells whether stores ring: where a device stores on its own, the sleep is a short one.
bool wait_word(hawser_port_word& word, uint64_t expected, Nanos deadline, Nanos spin, bool rung,
               const std::function<bool()>& over);

}  // namespace hawser::port
