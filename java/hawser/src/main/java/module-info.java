/**
 * Hawser: one link between parties, made of many lanes. The library, without run-time dependencies.
 */
module org.hawser {
  requires jdk.jfr;

  exports org.hawser;
  exports org.hawser.comm;
  exports org.hawser.ffi to
      org.hawser.cli,
      org.hawser.simp;
  exports org.hawser.lane;
  exports org.hawser.launch;
  exports org.hawser.link;
  exports org.hawser.mem;
  exports org.hawser.port;
  exports org.hawser.spu;
  exports org.hawser.spu.program;
  exports org.hawser.trust;
}
