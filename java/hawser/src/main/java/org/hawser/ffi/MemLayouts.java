package org.hawser.ffi;

import static org.hawser.ffi.Layouts.i32;
import static org.hawser.ffi.Layouts.i64;
import static org.hawser.ffi.Layouts.struct;

import java.lang.foreign.StructLayout;
import java.util.List;

/** The structs and constants of {@code hawser_mem.h}, as {@link Layouts} has those of the rest. */
public final class MemLayouts {
  /** Descriptors a batch. */
  public static final int UNPACK_MAX = 2048;

  public static final StructLayout UNPACK_DESCRIPTOR =
      struct("hawser_unpack_descriptor", i32("src_off"), i32("len"), i64("dst_off"));

  public static final StructLayout UNPACK_BATCH =
      struct(
          "hawser_unpack_batch",
          i64("descriptors"),
          i64("source"),
          i64("destination"),
          i64("source_bytes"),
          i64("destination_bytes"),
          i32("count"),
          i32("reserved"));

  /** Every struct of the header. */
  static final List<StructLayout> ALL = List.of(UNPACK_DESCRIPTOR, UNPACK_BATCH);

  private MemLayouts() {}
}
