package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every method of the bindings called once into functions in C that keep what they get: the right function, every argument at
 * its place, null pointers and constants between them. {@code cann/methods.txt} says which method is which function.
 */
class TypedMethodsTest {
    /** Methods that ask or combine others, and call no function of their own. */
    private static final Set<String> OF_THEIR_OWN = Set.of(
            "AclDevices.hasVersionText()",
            "AclDevices.takeErrorText()",
            "AclMemory.hostSegment(long,long)",
            "AclGraphs.isPresent()",
            "AclGraphs.hasTaskGroups()",
            "AclExecutors.discard(Executor)",
            "AclnnOps.lack(AclnnOperator)",
            "AclnnOps.has(AclnnOperator)",
            "AclnnOps.launch(OpPlan,long,Stream)",
            "AclnnOps.launch(AclnnOperator,long,long,Executor,Stream)",
            "Hccl.isPresent()");

    /** Methods whose argument C gets as a pointer to it. */
    private static final Set<String> BY_POINTER = Set.of(
            "AclGraphs.exchangeThreadMode(CaptureMode)",
            "AclTensors.createScalar(double)",
            "AclTensors.createScalar(float)",
            "AclTensors.createScalar(int)",
            "AclTensors.createScalar(long)");

    private static List<Object> objects(CannBindings bindings) {
        AclnnOps ops = bindings.ops();
        return List.of(
                bindings.devices(),
                bindings.streams(),
                bindings.memory(),
                bindings.graphs(),
                bindings.tensors(),
                bindings.executors(),
                bindings.hccl(),
                bindings.collectives(),
                ops,
                ops.linear(),
                ops.norm(),
                ops.rotary(),
                ops.attention(),
                ops.flashAttention(),
                ops.moe(),
                ops.expert(),
                ops.quant(),
                ops.elementwise(),
                ops.index(),
                ops.reduction(),
                ops.sampling());
    }

    @TestFactory
    Stream<DynamicTest> aMethodCallsItsFunctionWithItsArgumentsInTheirPlaces() throws Exception {
        RecordingLibrary library = RecordingLibrary.open();
        Map<String, String> functions = functionsOfMethods();
        Map<String, List<Integer>> gaps = placesOfMethods();
        return methods(library.bindings())
                .filter(call -> !OF_THEIR_OWN.contains(call.name()))
                .map(call -> DynamicTest.dynamicTest(call.name(), () -> {
                    library.answer(0, NativeText.of("an answer").address(), 3);
                    try (Arena arena = Arena.ofConfined()) {
                        List<Integer> places =
                                placesOf(library, call, functions.getOrDefault(call.name(), "nothing"), arena);
                        assertThat(places).isEqualTo(gaps.getOrDefault(call.name(), places));
                        assertFlagsArrive(library, call, places, arena);
                    }
                }));
    }

    /** Calls with every flag true; gives where each argument arrived. */
    private static List<Integer> placesOf(RecordingLibrary library, BoundCall call, String function, Arena arena)
            throws ReflectiveOperationException {
        SampleArguments arguments = call.samples(arena, i -> true);
        library.forget();
        call.invoke(arguments);
        RecordingLibrary.Call seen = library.lastCall();
        assertThat(seen.function()).isEqualTo(function);
        List<Integer> places = new ArrayList<>();
        for (int i = 0;
                i < seen.arguments().size()
                        && places.size() < arguments.expected().size();
                i++) {
            if (seen.arguments().get(i).equals(arguments.expected().get(places.size()))) {
                places.add(i);
            }
        }
        assertThat(places)
                .as("%s, looked for in %s", arguments.expected(), seen.arguments())
                .hasSameSizeAs(arguments.expected());
        return places;
    }

    /** Calls with every other flag false, and looks for each at its own place. */
    private static void assertFlagsArrive(RecordingLibrary library, BoundCall call, List<Integer> places, Arena arena)
            throws ReflectiveOperationException {
        for (int remainder = 0; remainder < 2; remainder++) {
            int isTrue = remainder;
            SampleArguments arguments = call.samples(arena, i -> i % 2 == isTrue);
            call.invoke(arguments);
            List<Long> seen = library.lastCall().arguments();
            for (int flag : arguments.placesOfFlags()) {
                assertThat(seen.get(places.get(flag)))
                        .isEqualTo(arguments.expected().get(flag));
            }
        }
    }

    @Test
    void methodsReachEveryFunctionThatIsBound() throws Exception {
        Set<String> bound = CannBindings.functions().stream()
                .map(CannFunction::cName)
                .collect(Collectors.toCollection(TreeSet::new));
        bound.removeIf(name -> name.startsWith("aclnn") && bound.contains(name + "GetWorkspaceSize"));
        bound.remove("aclGetRecentErrMsg");
        Set<String> reached = new TreeSet<>(functionsOfMethods().values());
        assertThat(reached).isEqualTo(bound);
    }

    @Test
    void everyOperatorIsLaunchedWithItsPlan() throws Exception {
        RecordingLibrary library = RecordingLibrary.open();
        AclnnOps ops = library.bindings().ops();
        for (AclnnOperator op : AclnnOperator.values()) {
            ops.launch(op, 0x1000, 0x200, new Acl.Executor(0x3000), new Acl.Stream(0x4000));
            assertThat(library.lastCall())
                    .isEqualTo(new RecordingLibrary.Call(op.cName(), List.of(0x1000L, 0x200L, 0x3000L, 0x4000L)));
        }
    }

    @Test
    void everyMethodHasItsFunctionWrittenDown() throws Exception {
        Set<String> known = new TreeSet<>(functionsOfMethods().keySet());
        known.addAll(OF_THEIR_OWN);
        Set<String> present =
                methods(RecordingLibrary.open().bindings()).map(BoundCall::name).collect(Collectors.toSet());
        assertThat(present).isEqualTo(known);
    }

    private static Map<String, String> functionsOfMethods() throws IOException {
        return lines().collect(Collectors.toMap(columns -> columns[0], columns -> columns[1]));
    }

    /** Of methods that do not give all arguments: the place of each that they give. */
    private static Map<String, List<Integer>> placesOfMethods() throws IOException {
        return lines().filter(columns -> columns.length == 3)
                .collect(Collectors.toMap(
                        columns -> columns[0],
                        columns -> Arrays.stream(columns[2].split(",", -1))
                                .map(Integer::valueOf)
                                .toList()));
    }

    private static Stream<String[]> lines() throws IOException {
        try (InputStream methods = TypedMethodsTest.class.getResourceAsStream("/cann/methods.txt")) {
            String text = new String(Objects.requireNonNull(methods).readAllBytes(), StandardCharsets.UTF_8);
            return text.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\t", -1));
        }
    }

    private static Stream<BoundCall> methods(CannBindings bindings) {
        return objects(bindings).stream()
                .flatMap(object -> Arrays.stream(object.getClass().getDeclaredMethods())
                        .filter(method -> Modifier.isPublic(method.getModifiers()))
                        .filter(method -> !(object instanceof AclnnOps) || method.getParameterCount() > 0)
                        .map(method -> new BoundCall(object, method)));
    }

    /** A method of one of the bindings' objects. */
    private record BoundCall(Object object, Method method) {
        String name() {
            return object.getClass().getSimpleName() + "." + method.getName()
                    + Arrays.stream(method.getParameterTypes())
                            .map(Class::getSimpleName)
                            .collect(Collectors.joining(",", "(", ")"));
        }

        SampleArguments samples(Arena arena, IntPredicate flags) throws ReflectiveOperationException {
            SampleArguments arguments = new SampleArguments(arena, flags);
            for (Class<?> type : method.getParameterTypes()) {
                arguments.add(type);
            }
            if (BY_POINTER.contains(name())) {
                arguments.expected().clear();
            }
            return arguments;
        }

        void invoke(SampleArguments arguments) throws ReflectiveOperationException {
            try {
                method.invoke(object, arguments.values());
            } catch (InvocationTargetException e) {
                throw new AssertionError(name(), e.getCause());
            }
        }
    }
}
