package org.hawser.cli.files;

/**
 * The receiver's answer: first whether it takes the file, then whether it has it.
 *
 * @param refusal why not, null when all is well
 * @param sha256 what it hashed, of a file it has
 */
record Verdict(String refusal, String sha256) {
  static Verdict fine() {
    return new Verdict(null, null);
  }

  static Verdict refused(String why) {
    return new Verdict(why, null);
  }
}
