package org.hawser.cli.files;

/** The sender has sent all of a file, and hashed this. */
record Sent(String sha256) {}
