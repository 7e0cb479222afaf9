package org.hawser.simp.serde;

/** A bare numpy array of objects: to {@link ObjectTensor} what {@link NdArray} is to a tensor. */
public record ObjectNdArray(ObjectTensor tensor) {}
