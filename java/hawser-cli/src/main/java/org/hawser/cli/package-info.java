/**
 * The command {@code hawser}: its entry, and how failures become one line and an exit code. The
 * subcommands lie in the packages below, one class each. Nothing here moves bytes.
 */
package org.hawser.cli;
