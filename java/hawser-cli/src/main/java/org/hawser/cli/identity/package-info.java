/**
 * {@code hawser identity}: makes certificates for tests and small clusters, shows what is in one,
 * and says why a peer would be refused. All deciding is {@link org.hawser.trust.Identity}'s.
 * Nothing here prints a key.
 */
package org.hawser.cli.identity;
