/**
 * The memory that transfers move: buffers of whole pages, mapped from the kernel and given back to
 * it. A buffer is closed at any time; its pages go only once no transfer may touch them any more.
 * Nothing here knows of links or lanes.
 */
package org.hawser.mem;
