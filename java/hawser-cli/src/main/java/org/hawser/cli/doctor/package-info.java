/**
 * {@code hawser doctor}: what Hawser finds on this machine, and what it lacks. It works without the
 * native library too, since telling why that cannot be loaded is its first use. Every lack comes
 * with the command that mends it.
 */
package org.hawser.cli.doctor;
