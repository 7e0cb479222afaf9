package org.hawser.spu;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What {@link Protocol#CHEETAH} can be told.
 *
 * @param disableMatmulPack do not pack several values into one ciphertext in matrix products
 * @param enableMulLsbError accept an error of one in the last bit of products, which saves work
 * @param otKind where oblivious transfers come from
 */
public record CheetahConfig(boolean disableMatmulPack, boolean enableMulLsbError, OtKind otKind) {
  /** Implementations of oblivious transfer, by libspu's names. */
  public enum OtKind {
    YACL_Ferret,
    YACL_Softspoken,
    EMP_Ferret
  }

  Map<String, Object> attributes() {
    var attributes = new LinkedHashMap<String, Object>();
    attributes.put("disable_matmul_pack", disableMatmulPack);
    attributes.put("enable_mul_lsb_error", enableMulLsbError);
    attributes.put("ot_kind", otKind);
    return attributes;
  }
}
