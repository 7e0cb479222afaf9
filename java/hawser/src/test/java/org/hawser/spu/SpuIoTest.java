package org.hawser.spu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.hawser.ffi.Leftovers;
import org.hawser.ffi.RequiresSpu;
import org.hawser.ffi.SpuLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@RequiresSpu
class SpuIoTest {
  private static final RuntimeConfig ABY3 = RuntimeConfig.of(Protocol.ABY3, Field.FM64);
  private static final long[][] SHAPES = {{}, {3}, {2, 2}, {1, 3, 2}, {0}, {2, 0}};

  /** All element types and ranks, through the bytes in which shares travel. */
  @ParameterizedTest
  @CsvSource({
    "REF2K, FM32, 3", "REF2K, FM64, 2", "REF2K, FM128, 1",
    "SEMI2K, FM32, 2", "SEMI2K, FM64, 4", "SEMI2K, FM128, 3",
    "ABY3, FM32, 3", "ABY3, FM64, 3", "ABY3, FM128, 3",
    "CHEETAH, FM32, 2", "CHEETAH, FM64, 2", "CHEETAH, FM128, 2",
    "SECURENN, FM32, 3", "SECURENN, FM64, 3", "SECURENN, FM128, 3"
  })
  void everyTensorComesBackFromItsShares(Protocol protocol, Field field, int parties) {
    var io = new SpuIo(parties, RuntimeConfig.of(protocol, field));
    for (DataType type : DataType.values()) {
      if (field == Field.FM32 && type.bytes() == 8 && !type.isFloating()) {
        assertInvalid("could not represent", () -> io.makeShares(ones(type), Visibility.SECRET));
        continue;
      }
      for (long[] shape : SHAPES) {
        for (Visibility visibility : List.of(Visibility.SECRET, Visibility.PUBLIC)) {
          Tensor tensor = sample(type, shape);
          List<Share> shares =
              io.makeShares(tensor, visibility).stream().map(SpuIoTest::sent).toList();
          assertEquals(parties, shares.size());
          for (Share share : shares) {
            assertEquals(type, share.type());
            assertArrayEquals(shape, share.shape());
            assertEquals(visibility, share.visibility());
          }
          assertEquals(tensor, io.reconstruct(shares), () -> visibility + " " + tensor);
          shares.forEach(Share::close);
        }
      }
    }
  }

  /** As another form than ours carries it. */
  @Test
  void aShareComesBackFromItsParts() {
    var io = new SpuIo(3, ABY3);
    Tensor tensor = sample(DataType.F32, 2, 3);
    List<Share> copies = io.makeShares(tensor, Visibility.SECRET).stream().map(this::copy).toList();

    assertEquals(tensor, io.reconstruct(copies));
  }

  private Share copy(Share share) {
    try (share;
        var arena = Arena.ofConfined()) {
      List<MemorySegment> chunks =
          IntStream.range(0, share.chunks())
              .mapToObj(
                  i -> {
                    MemorySegment chunk = arena.allocate(share.chunkBytes(i));
                    share.copyChunk(i, chunk);
                    return chunk;
                  })
              .toList();
      assertThrows(IndexOutOfBoundsException.class, () -> share.copyChunk(-1, MemorySegment.NULL));
      assertThrows(IndexOutOfBoundsException.class, () -> share.chunkBytes(share.chunks()));
      assertInvalid("fit", () -> Share.of(share.meta(), List.of(chunks.get(0), chunks.get(0))));
      assertInvalid("no type", () -> Share.of(new byte[0], chunks));
      return Share.of(share.meta(), chunks);
    }
  }

  /** Values that fixed point of any field holds exactly. */
  private static Tensor sample(DataType type, long... shape) {
    var values = new double[(int) Shape.elements(shape)];
    Arrays.setAll(values, i -> type == DataType.I1 ? i % 2 : type.isUnsigned() ? i : 0.5 - i);
    return Tensor.of(type, values, shape);
  }

  private static Tensor ones(DataType type) {
    return Tensor.of(type, new long[] {1, 1}, 2);
  }

  /** As it arrives at another party. */
  private static Share sent(Share share) {
    try (share;
        var arena = Arena.ofConfined()) {
      return Share.deserialize(share.serialize(arena));
    }
  }

  @Test
  void secretSharesDifferFromTheDataAndPublicOnesDoNot() {
    var io = new SpuIo(2, RuntimeConfig.of(Protocol.SEMI2K, Field.FM64));
    Tensor tensor = Tensor.of(new long[] {0, 0, 0, 0}, 4);

    assertFalse(endsInZeros(io.makeShares(tensor, Visibility.SECRET).getFirst()));
    assertTrue(endsInZeros(io.makeShares(tensor, Visibility.PUBLIC).getFirst()));
  }

  private static boolean endsInZeros(Share share) {
    try (share;
        var arena = Arena.ofConfined()) {
      MemorySegment form = share.serialize(arena);
      MemorySegment end = form.asSlice(form.byteSize() - 24);
      return end.mismatch(arena.allocate(24)) == -1;
    }
  }

  @Test
  void fixedPointKeepsAsManyBitsAsItIsTold() {
    Tensor third = Tensor.of(new double[] {1.0 / 3}, 1);
    double coarse = through(4, third).getDouble(0);
    double fine = through(30, third).getDouble(0);

    assertEquals(0, coarse * 16 % 1);
    assertEquals(1.0 / 3, coarse, 0x1p-4);
    assertEquals(1.0 / 3, fine, 0x1p-30);
  }

  private static Tensor through(int bits, Tensor tensor) {
    var config = RuntimeConfig.builder(Protocol.ABY3, Field.FM64).fxpFractionBits(bits).build();
    var io = new SpuIo(3, config);
    return io.reconstruct(io.makeShares(tensor, Visibility.SECRET));
  }

  /** With the optimization libspu keeps what one party knows at that party alone. */
  @Test
  void anOwnersDataMayStayPrivate() {
    var config =
        RuntimeConfig.builder(Protocol.SEMI2K, Field.FM64)
            .experimentalEnableColocatedOptimization(true)
            .build();
    var io = new SpuIo(2, config);
    Tensor tensor = Tensor.of(new long[] {7, 8}, 2);

    List<Share> shares = io.makeShares(tensor, Visibility.SECRET, 1);

    assertEquals("Priv2k<FM64,1>", shares.getFirst().storage());
    assertEquals(tensor, io.reconstruct(shares));
  }

  @Test
  void refusesSharesThatDoNotBelongTogether() {
    var io = new SpuIo(3, ABY3);
    List<Share> small = io.makeShares(sample(DataType.F32, 2), Visibility.SECRET);
    List<Share> large = io.makeShares(sample(DataType.F32, 200), Visibility.SECRET);
    var semi2k = new SpuIo(3, RuntimeConfig.of(Protocol.SEMI2K, Field.FM64));

    assertInvalid("2 shares are given for 3 parties", () -> io.reconstruct(small.subList(0, 2)));
    assertInvalid(
        "the shares are not of one tensor",
        () -> io.reconstruct(List.of(small.get(0), large.get(1), small.get(2))));
    assertInvalid("aby3.AShr<FM64> is not of SEMI2K FM64", () -> semi2k.reconstruct(small));
  }

  @Test
  void refusesChangedSharesWithoutAnAbort() {
    var io = new SpuIo(3, ABY3);
    List<Share> shares = io.makeShares(sample(DataType.F32, 2, 3), Visibility.SECRET);
    try (var arena = Arena.ofConfined()) {
      MemorySegment form = shares.getFirst().serialize(arena);
      // Every byte but the 96 of the share itself, any value of which is a share of something.
      for (long at = 0; at < form.byteSize() - 96; at++) {
        MemorySegment changed = arena.allocate(form.byteSize()).copyFrom(form);
        changed.set(JAVA_BYTE, at, (byte) (changed.get(JAVA_BYTE, at) + 1));
        try (Share share = Share.deserialize(changed)) {
          io.reconstruct(List.of(share, shares.get(1), shares.get(2)));
        } catch (HawserException e) {
          assertEquals(ErrorCode.INVALID_ARGUMENT, e.code(), e.getMessage());
        }
      }
    }
  }

  @Test
  void namesWhatItCannotShare() {
    var io = new SpuIo(2, RuntimeConfig.of(Protocol.CHEETAH, Field.FM64));
    Tensor tensor = sample(DataType.F32, 2);

    assertInvalid(
        "CHEETAH FM64: cannot make PRIVATE shares of F32[2]",
        () -> io.makeShares(tensor, Visibility.PRIVATE));
    assertInvalid(
        "owner 2 is none of 2 parties", () -> io.makeShares(tensor, Visibility.SECRET, 2));
    assertInvalid("ABY3 takes exactly 3 parties, not 2", () -> new SpuIo(2, ABY3));
  }

  /** Libspu takes every attribute that there is, in every protocol. */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void libspuTakesEveryAttribute(Protocol protocol) {
    var ssl = new ClientSslConfig("certificate", "key", "ca.pem", 3);
    var beaver = new TtpBeaverConfig("host:1", 1, "SM2", "key", "http", Optional.of(ssl));
    RuntimeConfig config =
        RuntimeConfig.builder(protocol, Field.FM64)
            .fxpFractionBits(18)
            .maxConcurrency(1)
            .enableActionTrace(false)
            .enableTypeChecker(true)
            .enablePphloTrace(false)
            .enableRuntimeSnapshot(false)
            .snapshotDumpDir("folder")
            .enablePphloProfile(false)
            .enableHalProfile(false)
            .publicRandomSeed(Long.MAX_VALUE)
            .shareMaxChunkSize(1 << 20)
            .sortMethod(RuntimeConfig.SortMethod.SORT_NETWORK)
            .quickSortThreshold(16)
            .fxpDivGoldschmidtIters(3)
            .fxpExpMode(RuntimeConfig.ExpMode.EXP_PADE)
            .fxpExpIters(9)
            .fxpLogMode(RuntimeConfig.LogMode.LOG_NEWTON)
            .fxpLogIters(4)
            .fxpLogOrders(9)
            .sigmoidMode(RuntimeConfig.SigmoidMode.SIGMOID_REAL)
            .enableLowerAccuracyRsqrt(true)
            .sineCosineIters(11)
            .beaverType(RuntimeConfig.BeaverType.TrustedFirstParty)
            .ttpBeaverConfig(beaver)
            .cheetah2pcConfig(new CheetahConfig(true, true, CheetahConfig.OtKind.EMP_Ferret))
            .truncAllowMsbError(true)
            .experimentalDisableMmulSplit(true)
            .experimentalEnableInterOpPar(true)
            .experimentalEnableIntraOpPar(true)
            .experimentalDisableVectorization(true)
            .experimentalInterOpConcurrency(4)
            .experimentalEnableColocatedOptimization(false)
            .experimentalEnableExpPrime(true)
            .experimentalExpPrimeOffset(13)
            .experimentalExpPrimeDisableLowerBound(true)
            .experimentalExpPrimeEnableUpperBound(true)
            .build();
    var io = new SpuIo(protocol == Protocol.CHEETAH ? 2 : 3, config);
    Tensor tensor = sample(DataType.F32, 3);

    assertEquals(tensor, io.reconstruct(io.makeShares(tensor, Visibility.SECRET)));
  }

  @Test
  void leavesNothingBehind() {
    SpuLibrary.Live before = SpuLibrary.reclaim();
    var io = new SpuIo(3, ABY3);
    for (int i = 0; i < 100; i++) {
      List<Share> shares = io.makeShares(sample(DataType.F32, 100), Visibility.SECRET);
      io.reconstruct(shares);
      shares.forEach(Share::close);
    }
    Leftovers.assertNoneSince(before);
  }

  private static void assertInvalid(String reason, Executable executable) {
    var failure = assertThrows(HawserException.class, executable);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }
}
