/**
 * {@code hawser stat}: what processes that have links or ports tell of themselves in a file each,
 * which is read from outside while they run and after they have died. Nothing in a file is
 * believed: every offset is checked, every row is read as one that may change meanwhile. Who waits
 * for whom is put together from the files of all processes of this user on this machine.
 */
package org.hawser.cli.stat;
