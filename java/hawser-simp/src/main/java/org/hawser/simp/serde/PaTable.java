package org.hawser.simp.serde;

/** A bare table of pyarrow: to {@link Table} what {@link NdArray} is to a tensor. */
public record PaTable(Table table) {}
