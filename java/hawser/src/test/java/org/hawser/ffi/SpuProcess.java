package org.hawser.ffi;

import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process of its own, which ends while a thread waits inside libspu for its peer. */
final class SpuProcess {
  private SpuProcess() {}

  /**
   * @param arguments {@code exit} ends with code 7; {@code wait} prints a line and waits to be
   *     ended
   */
  public static void main(String[] arguments) throws Exception {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    var waiting = new CountDownLatch(1);
    var parties = new SpuTwoParties();
    List<SpuObject> shares = SpuTwoParties.shares(1, 2, 3, 4);
    SpuTwoParties.reveal(SpuParties.run(2, rank -> parties.square(rank, shares.get(rank))));
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              waiting.countDown();
              parties.square(0, shares.get(0));
            });
    waiting.await();
    Thread.sleep(200);
    System.out.println("ready");
    if (arguments[0].equals("exit")) {
      System.exit(7);
    }
    Thread.sleep(60_000);
  }
}
