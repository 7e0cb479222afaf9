/** SIMP: one program over many parties, on threads, over HTTP and over lanes. */
module org.hawser.simp {
  requires transitive com.fasterxml.jackson.databind;
  requires io.netty.buffer;
  requires transitive io.netty.codec.http;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport.classes.epoll;
  // Nothing of it is named: modules that nobody requires are not there, and their libraries
  // neither.
  requires io.netty.transport.epoll.linux.x86_64;
  requires io.netty.transport;
  // Not used here: what has no module-info cannot say what it needs itself.
  requires io.prometheus.metrics.config;
  requires io.prometheus.metrics.core;
  requires io.prometheus.metrics.model;
  requires io.prometheus.metrics.tracer.common;
  requires io.prometheus.metrics.tracer.initializer;
  requires io.prometheus.writer.text;
  requires java.management;
  requires transitive org.hawser;

  exports org.hawser.http;
  exports org.hawser.simp;
  exports org.hawser.simp.ir;
  exports org.hawser.simp.op;
  exports org.hawser.simp.serde;
  exports org.hawser.simp.trace;
}
