/**
 * {@code hawser perf}: measures what a link carries, between two processes that agree over the link
 * itself. The client plans and reports; the server receives, checks what arrived and tells its own
 * half. Senders and receivers are plain loops over the public API, as a user would write them.
 */
package org.hawser.cli.perf;
