package org.hawser.port;

import java.util.Objects;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.NativePortContext.EndpointOptions;

/**
 * How to open one end of a connection.
 *
 * @param device the GPU whose memory it is for, {@link #HOST} for host memory
 * @param ib what only IB0 to IB7 heed
 */
public record EndpointConfig(Transport transport, int device, Ib ib) {
  /** The device of memory that is no GPU's. */
  public static final int HOST = -1;

  /**
   * Parameters of libfabric's transports; 0 and "" ask for the default.
   *
   * @param maxCqSize entries of the completion queue; 0 is 1024
   * @param maxCqPollNum completions read at once; 0 is 1
   * @param maxSendWr operations in flight; 0 is 8192, cut to what the provider has
   * @param provider libfabric's name of it, as in FI_PROVIDER; "" is verbs, or what
   *     HAWSER_OFI_PROVIDER names
   */
  public record Ib(int maxCqSize, int maxCqPollNum, int maxSendWr, String provider) {
    private static final Ib DEFAULTS = new Ib(0, 0, 0, "");

    public Ib {
      Objects.requireNonNull(provider);
      require(maxCqSize >= 0, "maxCqSize", maxCqSize);
      require(maxCqPollNum >= 0, "maxCqPollNum", maxCqPollNum);
      require(maxSendWr >= 0, "maxSendWr", maxSendWr);
    }

    public static Ib defaults() {
      return DEFAULTS;
    }

    public Ib withMaxCqSize(int value) {
      return new Ib(value, maxCqPollNum, maxSendWr, provider);
    }

    public Ib withMaxCqPollNum(int value) {
      return new Ib(maxCqSize, value, maxSendWr, provider);
    }

    public Ib withMaxSendWr(int value) {
      return new Ib(maxCqSize, maxCqPollNum, value, provider);
    }

    public Ib withProvider(String value) {
      return new Ib(maxCqSize, maxCqPollNum, maxSendWr, value);
    }

    private static void require(boolean condition, String name, int value) {
      if (!condition) {
        throw new HawserException(
            ErrorCode.INVALID_ARGUMENT, "%s is 0 or more, not %d".formatted(name, value));
      }
    }
  }

  public EndpointConfig {
    Objects.requireNonNull(transport);
    Objects.requireNonNull(ib);
    if (device < HOST) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "a GPU has number 0 or more, host memory is -1, not " + device);
    }
  }

  /** For host memory, with the transport's defaults. */
  public static EndpointConfig of(Transport transport) {
    return new EndpointConfig(transport, HOST, Ib.defaults());
  }

  /** For memory of a GPU. */
  public EndpointConfig withDevice(int gpu) {
    return new EndpointConfig(transport, gpu, ib);
  }

  public EndpointConfig withIb(Ib value) {
    return new EndpointConfig(transport, device, value);
  }

  EndpointOptions toNative() {
    return new EndpointOptions(
        transport.number(),
        device,
        ib.maxCqSize(),
        ib.maxCqPollNum(),
        ib.maxSendWr(),
        ib.provider());
  }
}
