package org.hawser.simp.serde;

/** Tables, those of programs and bare ones. */
final class TableKinds {
  private static final String VALUE = "table_impl.TableValue";

  private TableKinds() {}

  static void register(Kinds kinds) {
    kinds
        .reader(VALUE, TableKinds::value)
        .reader("_pa_table", in -> new PaTable(new Table(in.base64("data"))))
        .reader("_pa_table_bref", in -> new PaTable(new Table(in.bytesOf("bref"))));
    kinds
        .writer(
            Table.class, (value, out) -> out.payload("ipc", "ipc_bref", value.ipc()).kind(VALUE))
        .writer(
            PaTable.class,
            (value, out) ->
                out.kind("_pa_table", "_pa_table_bref")
                    .payload("data", "bref", value.table().ipc()));
  }

  private static Table value(Reading in) {
    return new Table(in.has("ipc_bref") ? in.bytesOf("ipc_bref") : in.base64("ipc"));
  }
}
