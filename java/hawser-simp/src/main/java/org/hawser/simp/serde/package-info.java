/**
 * Values and graphs as bytes, in the forms that mplang reads and writes: JSON whose objects name
 * their kind, the same with tensors in segments behind it, and JSON compressed into text. What is
 * read may come from anyone: malformed bytes, unknown kinds and sizes beyond bounds are {@code
 * INVALID_ARGUMENT}, and nothing that is read is ever executed. Each family of kinds is one class,
 * which {@code Kinds} knows.
 */
package org.hawser.simp.serde;
