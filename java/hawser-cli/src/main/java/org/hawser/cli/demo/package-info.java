/**
 * {@code hawser demo}: what Hawser does, shown in one command without any preparation. It sends a
 * real file to a second process and gets it back from there. Everything it uses is what {@code
 * hawser send} and {@code hawser receive} use.
 */
package org.hawser.cli.demo;
