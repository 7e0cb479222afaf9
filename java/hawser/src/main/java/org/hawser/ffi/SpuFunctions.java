package org.hawser.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** The functions that {@link NativeSpu} calls, linked at first use. */
final class SpuFunctions {
  static final MethodHandle BYTES =
      SpuLibrary.function("hawser_spu_bytes", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle OPEN_LINK =
      SpuLibrary.function(
          "hawser_spu_open_link",
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG);
  static final MethodHandle LINK_PLACE =
      SpuLibrary.function("hawser_spu_link_place", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle LINK_SEND =
      SpuLibrary.function(
          "hawser_spu_link_send", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
  static final MethodHandle LINK_RECV =
      SpuLibrary.function("hawser_spu_link_recv", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  static final MethodHandle STOP_LINK =
      SpuLibrary.function("hawser_spu_stop_link", JAVA_LONG, JAVA_LONG);
  static final MethodHandle COMPILE =
      SpuLibrary.function(
          "hawser_spu_compile",
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG);
  static final MethodHandle EXECUTABLE =
      SpuLibrary.function(
          "hawser_spu_executable",
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_LONG);
  static final MethodHandle MAKE_SHARES =
      SpuLibrary.function(
          "hawser_spu_make_shares",
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG);
  static final MethodHandle RECONSTRUCT =
      SpuLibrary.function(
          "hawser_spu_reconstruct", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  static final MethodHandle READ_ARRAY =
      SpuLibrary.function("hawser_spu_read_array", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle SHARE_OF =
      SpuLibrary.function(
          "hawser_spu_share_of", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  static final MethodHandle SHARE_PARTS =
      SpuLibrary.function("hawser_spu_share_parts", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle SHARE_PART =
      SpuLibrary.function("hawser_spu_share_part", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  static final MethodHandle RUNTIME =
      SpuLibrary.function("hawser_spu_runtime", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle SET_VAR =
      SpuLibrary.function("hawser_spu_set_var", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle GET_VAR =
      SpuLibrary.function("hawser_spu_get_var", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle DEL_VAR =
      SpuLibrary.function("hawser_spu_del_var", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  static final MethodHandle RUN =
      SpuLibrary.function("hawser_spu_run", JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private SpuFunctions() {}
}
