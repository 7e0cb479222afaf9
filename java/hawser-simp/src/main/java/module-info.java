/** SIMP: one program over many parties, on threads, over HTTP and over lanes. */
module org.hawser.simp {
  requires com.fasterxml.jackson.databind;
  requires transitive org.hawser;

  exports org.hawser.simp;
  exports org.hawser.simp.ir;
}
