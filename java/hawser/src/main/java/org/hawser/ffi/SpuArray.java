package org.hawser.ffi;

import java.lang.foreign.MemorySegment;

/**
 * A plain tensor as libspu returns it: row-major, elements in this machine's byte order.
 *
 * @param dataType libspu's number of the element type
 * @param data lives as long as the arena that the caller gave
 */
public record SpuArray(int dataType, long[] shape, MemorySegment data) {}
