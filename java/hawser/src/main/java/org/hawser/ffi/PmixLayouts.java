package org.hawser.ffi;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * The structs and constants of the PMIx 4 client ABI (libpmix.so.2) that {@link Pmix} passes. They
 * are part of the PMIx standard's ABI, and a test compares each with what a C compiler says about
 * the installed headers.
 */
final class PmixLayouts {
  static final int NAMESPACE_BYTES = 256;
  static final int KEY_BYTES = 512;

  static final int RANK_WILDCARD = -2;
  static final byte SCOPE_GLOBAL = 3;

  static final short TYPE_BOOL = 1;
  static final short TYPE_INT = 6;
  static final short TYPE_UINT16 = 13;
  static final short TYPE_UINT32 = 14;
  static final short TYPE_BYTE_OBJECT = 27;

  static final int SUCCESS = 0;
  static final int ERR_TIMEOUT = -24;
  static final int ERR_UNREACH = -25;
  static final int ERR_NOT_FOUND = -46;

  static final String ATTRIBUTE_TIMEOUT = "pmix.timeout";
  static final String ATTRIBUTE_COLLECT_DATA = "pmix.collect";
  static final String ATTRIBUTE_OPTIONAL = "pmix.optional";
  static final String ATTRIBUTE_REFRESH_CACHE = "pmix.get.refresh";
  static final String ATTRIBUTE_JOB_SIZE = "pmix.job.size";
  static final String ATTRIBUTE_LOCAL_RANK = "pmix.lrank";

  static final StructLayout PROC =
      MemoryLayout.structLayout(
          MemoryLayout.sequenceLayout(NAMESPACE_BYTES, ValueLayout.JAVA_BYTE).withName("nspace"),
          ValueLayout.JAVA_INT.withName("rank"));

  /** pmix_value_t; of its union only the members that we read or write, and its full extent. */
  static final StructLayout VALUE =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_SHORT.withName("type"),
          MemoryLayout.paddingLayout(6),
          MemoryLayout.unionLayout(
                  ValueLayout.JAVA_BOOLEAN.withName("flag"),
                  ValueLayout.JAVA_INT.withName("integer"),
                  ValueLayout.JAVA_SHORT.withName("uint16"),
                  ValueLayout.JAVA_INT.withName("uint32"),
                  MemoryLayout.structLayout(
                          ValueLayout.ADDRESS.withName("bytes"),
                          ValueLayout.JAVA_LONG.withName("size"))
                      .withName("bo"),
                  MemoryLayout.sequenceLayout(3, ValueLayout.JAVA_LONG).withName("extent"))
              .withName("data"));

  static final StructLayout INFO =
      MemoryLayout.structLayout(
          MemoryLayout.sequenceLayout(KEY_BYTES, ValueLayout.JAVA_BYTE).withName("key"),
          ValueLayout.JAVA_INT.withName("flags"),
          MemoryLayout.paddingLayout(4),
          VALUE.withName("value"));

  static final long PROC_RANK = PROC.byteOffset(PathElement.groupElement("rank"));
  static final long VALUE_TYPE = VALUE.byteOffset(PathElement.groupElement("type"));
  static final long VALUE_DATA = VALUE.byteOffset(PathElement.groupElement("data"));
  static final long VALUE_BYTES = objectOffset("bytes");
  static final long VALUE_SIZE = objectOffset("size");
  static final long INFO_VALUE = INFO.byteOffset(PathElement.groupElement("value"));

  private static long objectOffset(String member) {
    return VALUE.byteOffset(
        PathElement.groupElement("data"),
        PathElement.groupElement("bo"),
        PathElement.groupElement(member));
  }

  private PmixLayouts() {}
}
