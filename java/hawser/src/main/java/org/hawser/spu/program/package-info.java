/**
 * Programs for the secure device, written in Java: operations on typed values become StableHLO text
 * that libspu compiles. Types and shapes are checked as a program is written, so that a mistake is
 * an exception at its own line. Only what libspu compiles and runs is offered.
 */
package org.hawser.spu.program;
