package org.hawser.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.hawser.ErrorCode;
import org.hawser.HawserException;

/**
 * Makes the downcall handles of this package. Pointers are passed as plain longs: an argument of a
 * shared arena would be acquired and released with every call, contended between threads.
 */
final class Downcall {
  private Downcall() {}

  /** A function of the native library. */
  static MethodHandle of(String function, MemoryLayout result, MemoryLayout... arguments) {
    return link(NativeLibrary.find(function), FunctionDescriptor.of(result, arguments));
  }

  /** A function of the native library that returns nothing. */
  static MethodHandle ofVoid(String function, MemoryLayout... arguments) {
    return link(NativeLibrary.find(function), FunctionDescriptor.ofVoid(arguments));
  }

  /** A short function that never blocks: the call does without the thread's change of state. */
  static MethodHandle leafVoid(String function, MemoryLayout... arguments) {
    return link(
        NativeLibrary.find(function),
        FunctionDescriptor.ofVoid(arguments),
        Linker.Option.critical(false));
  }

  @SuppressWarnings("restricted") // this package is the home of native access
  static MethodHandle link(
      MemorySegment address, FunctionDescriptor descriptor, Linker.Option... options) {
    return Linker.nativeLinker().downcallHandle(address, descriptor, options);
  }

  /**
   * What to throw for anything that a handle threw: no native function throws, so the binding
   * itself is broken.
   */
  static RuntimeException broken(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      return e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    return new HawserException(ErrorCode.INTERNAL, "a native call failed: " + thrown, thrown);
  }
}
