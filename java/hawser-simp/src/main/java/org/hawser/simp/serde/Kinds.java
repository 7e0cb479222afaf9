package org.hawser.simp.serde;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All kinds there are: which reader a kind has, and which writer a class. Complete once made, and
 * then for any thread.
 */
final class Kinds {
  /** Reads objects of one kind. */
  @FunctionalInterface
  interface Reader {
    Object read(Reading in);
  }

  /** Writes values of one class, and of those below it. */
  @FunctionalInterface
  interface Writer<T> {
    void write(T value, Writing out);
  }

  private record ClassWriter<T>(Class<T> type, Writer<? super T> writer) {
    void write(Object value, Writing out) {
      writer.write(type.cast(value), out);
    }
  }

  private static final Kinds ALL = new Kinds();

  static {
    PlainKinds.register(ALL);
    CollectionKinds.register(ALL);
    TensorKinds.register(ALL);
    TableKinds.register(ALL);
    TypeKinds.register(ALL);
    ForeignTypes.register(ALL);
    GraphKind.register(ALL);
    SpuKinds.register(ALL);
  }

  private final Map<String, Reader> readers = new HashMap<>();
  private final List<ClassWriter<?>> writers = new ArrayList<>();
  private final ClassValue<ClassWriter<?>> writerOf =
      new ClassValue<>() {
        @Override
        protected ClassWriter<?> computeValue(Class<?> type) {
          return writers.stream()
              .filter(known -> known.type().isAssignableFrom(type))
              .findFirst()
              .orElseThrow(() -> Encoder.refused(type.getName() + " is of no kind"));
        }
      };

  private Kinds() {}

  static Kinds all() {
    return ALL;
  }

  Kinds reader(String kind, Reader reader) {
    if (readers.putIfAbsent(kind, reader) != null) {
      throw new IllegalStateException("two readers of kind " + kind);
    }
    return this;
  }

  <T> Kinds writer(Class<T> type, Writer<? super T> writer) {
    writers.add(new ClassWriter<>(type, writer));
    return this;
  }

  /** Reads an object whose {@code _kind} says what it is. */
  Object read(Reading in) {
    String kind = in.text("_kind");
    Reader reader = readers.get(kind);
    if (reader == null) {
      throw in.malformed("Hawser has no values of kind '%s'".formatted(Names.shown(kind)));
    }
    return reader.read(in);
  }

  void write(Object value, Writing out) {
    if (value == null) {
      out.kind("_null");
    } else {
      writerOf.get(value.getClass()).write(value, out);
    }
  }
}
