/**
 * {@code hawser spu}: secure computations from files, and how long they take. {@link
 * org.hawser.cli.spu.Party} is one party's place in them, whatever carries its messages. Values
 * leave their owner only as shares; what is printed was revealed to this party.
 */
package org.hawser.cli.spu;
