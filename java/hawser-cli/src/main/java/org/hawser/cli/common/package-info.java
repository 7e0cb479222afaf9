/**
 * What several commands share: the options that open lanes, where a peer is, a second process of
 * this program, JSON and bars. Nothing here knows a particular command. All of it is used by one
 * thread at a time unless it says otherwise.
 */
package org.hawser.cli.common;
