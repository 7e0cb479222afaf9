package org.hawser.spu;

import java.util.List;

/** Small programs over x and y that give z. */
final class Programs {
  private Programs() {}

  /** Which elements of x are greater than those of y; F32 to I1. */
  static SpuSource compare(int elements) {
    String text =
        """
        module @compare {
          func.func public @main(%%a: tensor<%1$dxf32>, %%b: tensor<%1$dxf32>) -> tensor<%1$dxi1> {
            %%0 = stablehlo.compare GT, %%a, %%b, FLOAT : (tensor<%1$dxf32>, tensor<%1$dxf32>) -> tensor<%1$dxi1>
            return %%0 : tensor<%1$dxi1>
          }
        }
        """
            .formatted(elements);
    return new SpuSource("compare", text, List.of("x", "y"), List.of("z"));
  }

  /** The product of I32 elements, so that each element is exact. */
  static SpuSource multiply(int elements) {
    String text =
        """
        module @multiply {
          func.func public @main(%%a: tensor<%1$dxi32>, %%b: tensor<%1$dxi32>) -> tensor<%1$dxi32> {
            %%0 = stablehlo.multiply %%a, %%b : tensor<%1$dxi32>
            return %%0 : tensor<%1$dxi32>
          }
        }
        """
            .formatted(elements);
    return new SpuSource("multiply", text, List.of("x", "y"), List.of("z"));
  }
}
