package org.hawser.simp.serde;

import org.hawser.spu.Tensor;

/** A bare numpy array, which attributes of operations may be; tensors of programs are not. */
public record NdArray(Tensor tensor) {}
