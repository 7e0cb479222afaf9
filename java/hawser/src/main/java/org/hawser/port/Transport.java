package org.hawser.port;

import java.util.Arrays;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.Spelling;

/** How bytes get into a peer's memory. */
public enum Transport {
  /** Copies into a peer process's shared memory on this host. */
  MEMORY(0, "Memory"),
  /** The copy engine of a GPU. */
  CUDA_IPC(1, "CudaIpc"),
  /** The lanes: a put is striped over all of them. */
  TCP(2, "Tcp"),
  /** RDMA writes by libfabric, over the device with this number; likewise up to IB7. */
  IB0(8, "IB0"),
  IB1(9, "IB1"),
  IB2(10, "IB2"),
  IB3(11, "IB3"),
  IB4(12, "IB4"),
  IB5(13, "IB5"),
  IB6(14, "IB6"),
  IB7(15, "IB7");

  private final int number;
  private final String title;

  Transport(int number, String title) {
    this.number = number;
    this.title = title;
  }

  /**
   * Reads a name as {@link #title} writes it.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it is none; it tells the nearest one
   */
  public static Transport parse(String text) {
    List<String> titles = Arrays.stream(values()).map(Transport::title).toList();
    return Arrays.stream(values())
        .filter(transport -> transport.title.equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new HawserException(
                    ErrorCode.INVALID_ARGUMENT,
                    "there is no transport %s; did you mean %s? There are %s"
                        .formatted(
                            text, Spelling.nearest(text, titles), String.join(", ", titles))));
  }

  /** Its name: {@code Memory}, {@code CudaIpc}, {@code Tcp}, {@code IB0} to {@code IB7}. */
  public String title() {
    return title;
  }

  /** Whether bytes come in while somebody is in a native wait, rather than on their own. */
  boolean isDrivenByWaiters() {
    return number >= IB0.number;
  }

  /** The {@code hawser_port_transport}. */
  public int number() {
    return number;
  }

  @Override
  public String toString() {
    return title;
  }
}
