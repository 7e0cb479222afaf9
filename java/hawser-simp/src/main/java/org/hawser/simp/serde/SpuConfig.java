package org.hawser.simp.serde;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;

/**
 * How a program wants its SPU operations run: mplang's {@code SPUConfig}.
 *
 * @param fxpFractionBits bits after the binary point
 * @param link what brpc links between the parties are told, by SecretFlow's names, as {@link Long}
 *     or {@link String}; empty for none
 */
public record SpuConfig(
    Protocol protocol,
    Field field,
    int fxpFractionBits,
    boolean pphloProfile,
    boolean halProfile,
    boolean pphloTrace,
    boolean actionTrace,
    Map<String, Object> link) {
  public SpuConfig {
    link = Collections.unmodifiableMap(new LinkedHashMap<>(link));
  }

  /** Without profiles and traces. */
  public static SpuConfig of(Protocol protocol, Field field, int fxpFractionBits) {
    return new SpuConfig(protocol, field, fxpFractionBits, false, false, false, false, Map.of());
  }

  /**
   * What a runtime is told of it.
   *
   * @throws org.hawser.HawserException (INVALID_ARGUMENT) when the field has too few bits
   */
  public RuntimeConfig runtimeConfig() {
    return RuntimeConfig.builder(protocol, field)
        .fxpFractionBits(fxpFractionBits)
        .enablePphloProfile(pphloProfile)
        .enableHalProfile(halProfile)
        .enablePphloTrace(pphloTrace)
        .enableActionTrace(actionTrace)
        .build();
  }
}
