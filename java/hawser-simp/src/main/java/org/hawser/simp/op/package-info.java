/**
 * What parties do on their own, by opcode: tensors, Java functions that were registered by name,
 * stores. Implementations are found through {@link org.hawser.simp.OpRegistry}, and told what they
 * may use by {@link org.hawser.simp.Job}. Nothing here runs code that came over the wire.
 */
package org.hawser.simp.op;
