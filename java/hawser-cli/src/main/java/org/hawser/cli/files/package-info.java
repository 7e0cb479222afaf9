/**
 * {@code hawser send} and {@code hawser receive}: files over the lanes, mapped into memory and
 * hashed on both ends. The sender offers each file by name and size, the receiver takes or refuses
 * it, and both compare what they hashed. A file appears under its name only once it is whole and
 * right.
 */
package org.hawser.cli.files;
