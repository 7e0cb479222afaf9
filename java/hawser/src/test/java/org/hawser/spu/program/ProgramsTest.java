package org.hawser.spu.program;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hawser.ffi.RequiresSpu;
import org.hawser.spu.Field;
import org.hawser.spu.Protocol;
import org.hawser.spu.RuntimeConfig;
import org.hawser.spu.Simulator;
import org.hawser.spu.Tensor;
import org.hawser.spu.program.ProgramTable.Case;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

@RequiresSpu
@Timeout(120)
class ProgramsTest {
  /** All programs over one link of two parties that share secrets. */
  @TestFactory
  Stream<DynamicTest> everyOperationComputesWhatPlainJavaDoes() {
    List<Case> cases = ProgramTable.cases();
    List<List<Tensor>> results =
        Simulator.of(2, RuntimeConfig.of(Protocol.SEMI2K, Field.FM64))
            .run(session -> ProgramTable.runAll(session, cases))
            .getFirst();
    return IntStream.range(0, cases.size())
        .mapToObj(i -> dynamicTest(cases.get(i).name(), () -> cases.get(i).check(results.get(i))));
  }
}
