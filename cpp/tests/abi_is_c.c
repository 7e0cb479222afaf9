/* The headers of the C ABI must compile as plain C11, and libhawser.so must answer a C program with the version it was
 * compiled for. */
#include <stdio.h>

#include "hawser.h"
#include "hawser_mem.h"
#include "hawser_port.h"
#include "hawser_spu.h"
#include "hawser_stat.h"
#include "hawser_trust.h"

int main(void) {
  const unsigned library = hawser_abi_version();
  if (library != HAWSER_ABI_VERSION) {
    fprintf(stderr, "the library says ABI %u, the header %u\n", library, HAWSER_ABI_VERSION);
    return 1;
  }
  return 0;
}
