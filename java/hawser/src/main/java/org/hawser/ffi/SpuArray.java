package org.hawser.ffi;

import java.lang.foreign.MemorySegment;

/**
 * A plain tensor as libspu and XLA take and return it: row-major, elements in this machine's byte
 * order.
 *
 * @param dataType libspu's number of the element type
 * @param data of a result, lives as long as the arena that the caller gave
 */
public record SpuArray(int dataType, long[] shape, MemorySegment data) {}
