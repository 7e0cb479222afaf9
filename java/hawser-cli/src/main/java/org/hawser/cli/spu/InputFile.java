package org.hawser.cli.spu;

import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.cli.tensor.TensorFiles;

/**
 * An input, as it is given on the command line.
 *
 * @param owner the rank that reads the file; empty for whoever it was told
 */
record InputFile(String name, OptionalInt owner, Path file) {
  private static final Pattern FORM = Pattern.compile("([^=@]+)(?:@(\\d{1,5}))?=(.+)");

  /** Reads {@code NAME=FILE} or {@code NAME@RANK=FILE}. */
  static InputFile parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "\"%s\" is no input; write NAME=FILE, or NAME@RANK=FILE".formatted(text));
    }
    Path file = Path.of(matcher.group(3));
    TensorFiles.requireKnown(file);
    return new InputFile(
        matcher.group(1),
        matcher.group(2) == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(matcher.group(2))),
        file);
  }

  boolean isOwnedBy(int rank, int otherwise) {
    return owner.orElse(otherwise) == rank;
  }
}
