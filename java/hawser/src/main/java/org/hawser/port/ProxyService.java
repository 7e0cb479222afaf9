package org.hawser.port;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.base.Deadline;
import org.hawser.base.Platform;
import org.hawser.ffi.NativeProxy;
import org.hawser.ffi.PortLayouts;

/**
 * A FIFO of triggers and the native thread that serves them: what moves the bytes of {@link
 * PortChannel}s. A flush of one channel holds up no other channel.
 *
 * <pre>{@code
 * var proxy = new ProxyService(context);
 * int semaphore = proxy.addSemaphore(sema);
 * int local = proxy.addMemory(localMemory);
 * int remote = proxy.addMemory(remoteMemory);
 * var channel = proxy.portChannel(semaphore, remote, local);
 * proxy.startProxy();
 * }</pre>
 */
public final class ProxyService extends PortObject {
  /** Triggers that wait at most, unless told otherwise. */
  public static final int FIFO_SIZE = PortLayouts.FIFO;

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  private final NativeProxy proxy;
  private final List<Semaphore> semaphores = new ArrayList<>();
  private int memories;

  public ProxyService(PortContext context) {
    this(context, FIFO_SIZE);
  }

  /**
   * @param fifoSize triggers that wait at most, rounded up to a power of two; who posts more waits
   */
  public ProxyService(PortContext context, int fifoSize) {
    this(context, open(context, fifoSize));
  }

  private ProxyService(PortContext context, Made made) {
    super("this proxy service", made::free, context);
    this.proxy = made.proxy;
    made.service = this;
    context.leave();
    announce();
  }

  /** Lets the native proxy go before the semaphores that it knows. */
  private static final class Made {
    final NativeProxy proxy;
    ProxyService service;

    Made(NativeProxy proxy) {
      this.proxy = proxy;
    }

    void free() {
      proxy.close();
      service.semaphores.forEach(Semaphore::leave);
    }
  }

  /** Leaves the context entered, for the constructor. */
  private static Made open(PortContext context, int fifoSize) {
    if (fifoSize < 1) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT, "a FIFO has 1 trigger or more, not " + fifoSize);
    }
    context.enter();
    try {
      return new Made(context.port().proxy(fifoSize));
    } catch (RuntimeException e) {
      context.leave();
      throw e;
    }
  }

  /** Returns the semaphore's number in this service, from 0. */
  public synchronized int addSemaphore(Semaphore semaphore) {
    enter();
    try {
      semaphore.enter(); // and never leaves: the proxy knows it from now on
      try {
        int number = proxy.addSemaphore(semaphore.semaphore());
        semaphores.add(semaphore);
        return number;
      } catch (RuntimeException e) {
        semaphore.leave();
        throw e;
      }
    } finally {
      leave();
    }
  }

  /** Returns the memory's number in this service, from 0. It may be closed before the service. */
  public synchronized int addMemory(RegisteredMemory memory) {
    enter();
    try {
      memory.enter();
      try {
        int number = proxy.addMemory(memory.memory());
        memories = number + 1;
        return number;
      } finally {
        memory.leave();
      }
    } finally {
      leave();
    }
  }

  /**
   * A channel whose puts go from a memory of this process to a peer's. It ends with this service.
   *
   * @param semaphore whose connection it puts through
   */
  public synchronized PortChannel portChannel(
      int semaphore, int destinationMemory, int sourceMemory) {
    requireNumber("semaphore", semaphore, semaphores.size());
    requireNumber("memory", destinationMemory, memories);
    requireNumber("memory", sourceMemory, memories);
    enter();
    try {
      var made =
          new PortChannel(
              this,
              semaphores.get(semaphore),
              proxy.channel(semaphore, destinationMemory, sourceMemory));
      made.announce();
      return made;
    } finally {
      leave();
    }
  }

  private static void requireNumber(String what, int number, int count) {
    if (number < 0 || number >= count) {
      throw new HawserException(
          ErrorCode.INVALID_ARGUMENT,
          "there is no %s %d in this proxy service, which has %d".formatted(what, number, count));
    }
  }

  /**
   * Starts to serve.
   *
   * @throws HawserException (INVALID_ARGUMENT) when it does already
   */
  public void startProxy() {
    enter();
    try {
      proxy.start();
    } finally {
      leave();
    }
  }

  /** As {@link #stopProxy(Duration)}, within 10 seconds. */
  public void stopProxy() {
    stopProxy(STOP_TIMEOUT);
  }

  /**
   * Serves what is in the FIFO, and ends the thread.
   *
   * @throws HawserException TIMEOUT when not all could be served; what was left failed its
   *     connections
   */
  public void stopProxy(Duration timeout) {
    var deadline = Deadline.in(timeout);
    enter();
    try {
      stop(deadline);
    } finally {
      leave();
    }
  }

  private void stop(Deadline deadline) {
    Platform.call(
        () -> {
          proxy.stop(deadline.leftOrZero());
          return null;
        });
  }

  /** Stops first, as {@link #stopProxy()} does; what could not be served has failed then. */
  @Override
  void ending() {
    try {
      stop(Deadline.in(STOP_TIMEOUT));
    } catch (HawserException e) {
      // Told to those who wait on the connections that failed.
    }
  }
}
