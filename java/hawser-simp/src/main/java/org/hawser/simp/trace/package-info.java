/**
 * Programs over many parties, written in Java. A {@link org.hawser.simp.trace.Tracer} follows a
 * program once, without any data, and makes of it the graph that every driver runs, on workers of
 * Hawser and of mplang alike; who uses a value where it is not, or of the wrong type, is told then.
 * What runs at one party is written with {@link org.hawser.simp.trace.LocalTracer}; StableHLO runs
 * on a {@link org.hawser.simp.trace.Device}, in the clear or in secret, which fetches what it is
 * given.
 *
 * <pre>{@code
 * ProgramBuilder builder = ProgramBuilder.named("richer");
 * Value a = builder.input("a", DataType.F64);
 * Value b = builder.input("b", DataType.F64);
 * builder.output("richer", a.gt(b));
 * Program compare = builder.build();
 *
 * TracedProgram program = Tracer.trace("millionaires", t -> {
 *   SpuDevice spu = t.spu(SpuConfig.of(Protocol.SEMI2K, Field.FM64, 18), 0, 1);
 *   Traced alice = t.constant(0, 3e6);
 *   Traced bob = t.constant(1, 2e6);
 *   Traced richer = spu.run(compare, alice, bob).getFirst();
 *   t.output("richer", spu.reveal(richer, 0));
 * });
 * try (var host = SimpSimulator.open(2, StandardOps.registry(new Functions()))) {
 *   Tensor richer = (Tensor) program.fetch(host, Map.of()).get("richer");
 * }
 * }</pre>
 */
package org.hawser.simp.trace;
