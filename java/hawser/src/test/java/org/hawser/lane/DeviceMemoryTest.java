package org.hawser.lane;

import org.hawser.ffi.RequiresGpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory of this machine's GPU in the lanes. */
@RequiresGpu
@Timeout(120)
class DeviceMemoryTest {
  @Test
  void messagesTravelBetweenAnyMemories() {
    DeviceChecks.messagesTravelBetweenAnyMemories();
  }

  @Test
  void partsOfMemoryTravel() {
    DeviceChecks.partsOfMemoryTravel();
  }

  @Test
  void unregisteredMemoryIsRefused() {
    DeviceChecks.unregisteredMemoryIsRefused();
  }

  @Test
  void closingWaitsForTransfersAndRegistrations() {
    DeviceChecks.closingWaitsForTransfersAndRegistrations();
  }

  @Test
  void wrongMemoryIsRefused() {
    DeviceChecks.wrongMemoryIsRefused();
  }

  @Test
  void pinnedMemoryIsMemoryOfTheHost() {
    DeviceChecks.pinnedMemoryIsMemoryOfTheHost();
  }

  @Test
  void aDmaBufLendsTheMemory() throws Exception {
    DeviceChecks.aDmaBufLendsTheMemory();
  }
}
