package org.hawser.spu;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.hawser.ErrorCode;
import org.hawser.HawserException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuntimeConfigTest {
  @Test
  void saysOnlyWhatWasSet() {
    var config =
        RuntimeConfig.builder(Protocol.CHEETAH, Field.FM64)
            .fxpFractionBits(18)
            .fxpExpMode(RuntimeConfig.ExpMode.EXP_TAYLOR)
            .cheetah2pcConfig(new CheetahConfig(true, false, CheetahConfig.OtKind.YACL_Softspoken))
            .build();

    assertEquals(
        "{\"protocol\":\"CHEETAH\",\"field\":\"FM64\",\"fxp_fraction_bits\":18,"
            + "\"fxp_exp_mode\":\"EXP_TAYLOR\",\"cheetah_2pc_config\":{\"disable_matmul_pack\":true,"
            + "\"enable_mul_lsb_error\":false,\"ot_kind\":\"YACL_Softspoken\"}}",
        config.json());
  }

  @ParameterizedTest
  @CsvSource({"FM32, 16", "FM64, 32", "FM128, 64"})
  void refusesMoreFractionBitsThanAProductHasRoomFor(Field field, int tooMany) {
    var builder = RuntimeConfig.builder(Protocol.SEMI2K, field);
    assertThrows(HawserException.class, () -> builder.fxpFractionBits(tooMany));
    assertThrows(HawserException.class, () -> builder.fxpFractionBits(-1));
    builder.fxpFractionBits(tooMany - 1);
  }

  @Test
  void isAValue() {
    var builder = RuntimeConfig.builder(Protocol.ABY3, Field.FM64);
    RuntimeConfig plain = builder.build();
    RuntimeConfig traced = builder.enableActionTrace(true).build();

    assertEquals(RuntimeConfig.of(Protocol.ABY3, Field.FM64), plain);
    assertEquals(plain.hashCode(), RuntimeConfig.of(Protocol.ABY3, Field.FM64).hashCode());
    assertNotEquals(plain, traced);
    assertNotEquals(plain, RuntimeConfig.of(Protocol.ABY3, Field.FM128));
  }

  @ParameterizedTest
  @CsvSource({
    "REF2K, 1, true",
    "REF2K, 7, true",
    "SEMI2K, 1, false",
    "SEMI2K, 2, true",
    "SEMI2K, 5, true",
    "ABY3, 2, false",
    "ABY3, 3, true",
    "ABY3, 4, false",
    "CHEETAH, 1, false",
    "CHEETAH, 2, true",
    "CHEETAH, 3, false",
    "SECURENN, 2, false",
    "SECURENN, 3, true"
  })
  void knowsHowManyPartiesAProtocolTakes(Protocol protocol, int parties, boolean fine) {
    RuntimeConfig config = RuntimeConfig.of(protocol, Field.FM64);
    if (fine) {
      assertDoesNotThrow(() -> config.requireParties(parties));
      return;
    }
    var failure = assertThrows(HawserException.class, () -> config.requireParties(parties));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertTrue(failure.getMessage().startsWith(protocol + " takes "), failure.getMessage());
    assertTrue(failure.getMessage().endsWith("not " + parties), failure.getMessage());
  }

  @Test
  void refusesNumbersOutOfRange() {
    var builder = RuntimeConfig.builder(Protocol.ABY3, Field.FM64);
    var failure = assertThrows(HawserException.class, () -> builder.fxpExpIters(-1));
    assertEquals("fxp_exp_iters is 0 or more, not -1", failure.getMessage());
  }

  @Test
  void keepsKeysFromLogs() {
    var ssl = new ClientSslConfig("certificate", "private", "ca.pem", 2);
    var config =
        RuntimeConfig.builder(Protocol.SEMI2K, Field.FM64)
            .ttpBeaverConfig(
                new TtpBeaverConfig("host:1", 0, "SM2", "public", "http", Optional.of(ssl)))
            .build();

    assertTrue(config.json().contains("\"private_key\":\"private\""));
    assertFalse((config + " " + ssl).contains("private"));
  }
}
