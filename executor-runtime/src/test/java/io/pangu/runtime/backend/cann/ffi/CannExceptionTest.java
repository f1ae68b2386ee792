package io.pangu.runtime.backend.cann.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a status to an exception, on functions that answer as the test wants. */
class CannExceptionTest {
    private RecordingLibrary library;
    private CannBindings bindings;

    @BeforeEach
    void open() throws Exception {
        library = RecordingLibrary.open();
        bindings = library.bindings();
    }

    private CannException failure(Runnable call) {
        return catchThrowableOfType(CannException.class, call::run);
    }

    @Test
    void hasTheFunctionTheStatusItsMeaningAndCannsOwnText() {
        library.answer(207001, 0, 0);
        library.setErrorText("EL0004: out of HBM\n");
        CannException e = failure(() -> bindings.memory().malloc(1 << 20, MallocPolicy.HUGE_FIRST));
        assertThat(e)
                .hasMessage("aclrtMalloc failed with ACL_ERROR_RT_MEMORY_ALLOCATION (207001): memory is exhausted;"
                        + " CANN says: EL0004: out of HBM");
        assertThat(e.function()).isEqualTo("aclrtMalloc");
        assertThat(e.status().orElseThrow().code()).isEqualTo(207001);
        assertThat(e.kind()).isEqualTo(StatusKind.OUT_OF_MEMORY);
    }

    @Test
    void theTextOfOneFailureIsNotTheNextOnes() {
        library.answer(507015, 0, 0);
        library.setErrorText("the first");
        Acl.Stream stream = new Acl.Stream(1);
        assertThat(failure(() -> bindings.streams().synchronize(stream))).hasMessageContaining("the first");
        assertThat(failure(() -> bindings.streams().synchronize(stream))).hasMessageNotContaining("CANN says");
    }

    @Test
    void becomesAnErrorOfTheRuntimeThatSaysWhatWasTried() {
        library.answer(507015, 0, 0);
        EngineException e =
                failure(() -> bindings.streams().synchronize(new Acl.Stream(1))).toEngineException("wait for npu:3");
        assertThat(e.code()).isEqualTo(ErrorCode.DEVICE_LOST);
        assertThat(e).hasMessageStartingWith("while trying to wait for npu:3: aclrtSynchronizeStream failed with");
        assertThat(e.context())
                .containsEntry("function", "aclrtSynchronizeStream")
                .containsEntry("status", "507015")
                .containsEntry("kind", "DEVICE_LOST");
    }

    @Test
    void anOperatorsPhasesFailUnderTheirOwnNames() {
        try (Arena arena = Arena.ofConfined()) {
            OpPlan plan = new OpPlan(arena);
            AclnnOps ops = bindings.ops();
            ops.linear().mm(plan, new Acl.Tensor(1), new Acl.Tensor(2), new Acl.Tensor(3), (byte) 0);
            library.answer(361001, 0, 0);
            assertThat(failure(() -> ops.launch(plan, 0, Acl.Stream.DEFAULT)).function())
                    .isEqualTo("aclnnMm");
            library.answer(161002, 0, 0);
            assertThat(failure(() -> ops.linear()
                                    .mm(plan, new Acl.Tensor(1), new Acl.Tensor(2), new Acl.Tensor(3), (byte) 0))
                            .function())
                    .isEqualTo("aclnnMmGetWorkspaceSize");
            assertThatThrownBy(() -> ops.launch(plan, 0, Acl.Stream.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no operator has been planned");
        }
    }

    @Test
    void aNullHandleIsARefusal() {
        library.setErrorText("EZ1001: dimension");
        CannException e =
                failure(() -> bindings.tensors().createTensor(AclTensors.View.dense(AclDataType.FLOAT16, 2, 3), 64));
        assertThat(e)
                .hasMessage("aclCreateTensor created nothing: it refuses its arguments; CANN says: EZ1001: dimension");
        assertThat(e.status()).isEmpty();
        assertThat(e.kind()).isEqualTo(StatusKind.INVALID_ARGUMENT);
    }

    @Test
    void collectivesFailWithTheirOwnNumbers() {
        library.answer(9, NativeText.of("ranks did not come").address(), 0);
        CannException e = failure(() -> bindings.hccl().init(2, HcclRootInfo.of(new byte[HcclRootInfo.BYTES]), 0));
        assertThat(e)
                .hasMessageStartingWith(
                        "HcclCommInitRootInfo failed with HCCL_E_TIMEOUT (9): a rank did not come in time")
                .hasMessageEndingWith("CANN says: ranks did not come");
        assertThat(e.kind()).isEqualTo(StatusKind.PEER_LOST);
    }

    @Test
    void initialisingAgainIsNoFailure() {
        assertThat(bindings.devices().init(null)).isTrue();
        library.answer(100002, 0, 0);
        assertThat(bindings.devices().init(null)).isFalse();
        library.answer(507033, 0, 0);
        assertThat(failure(() -> bindings.devices().init(null)).kind()).isEqualTo(StatusKind.DEVICE_LOST);
    }

    @Test
    void aMissingFunctionFailsWhenItIsCalledAndNotBefore(@TempDir Path empty) throws Exception {
        Files.createDirectory(empty.resolve("lib64"));
        CannBindings none = CannBindings.of(new CannHome(empty, "test"));
        CannException e = failure(() -> none.devices().setDevice(0));
        assertThat(e)
                .hasMessageStartingWith("this CANN lacks a function that is needed: aclrtSetDevice is in none of")
                .hasMessageContaining("install 8.1.RC1 or newer");
        assertThat(e.kind()).isEqualTo(StatusKind.UNSUPPORTED);
        assertThat(e.toEngineException("open npu:0").code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
        assertThat(none.graphs().isPresent()).isFalse();
        assertThat(none.hccl().isPresent()).isFalse();
        assertThat(none.ops().lack(AclnnOperator.MM).orElseThrow()).contains("aclnnMmGetWorkspaceSize");
    }

    @Test
    void whatIsThereIsKnownToBeThere() {
        assertThat(bindings.missing()).isEmpty();
        assertThat(bindings.libraryOf("aclrtMalloc")).contains("libascendcl.so");
        assertThat(bindings.libraryOf("aclrtNoSuchThing")).isEmpty();
        assertThat(bindings.ops().has(AclnnOperator.GROUPED_MATMUL_V5)).isTrue();
        assertThat(bindings.graphs().isPresent() && bindings.graphs().hasTaskGroups())
                .isTrue();
        assertThat(bindings.hccl().isPresent()).isTrue();
        assertThat(bindings.devices().hasVersionText()).isTrue();
    }

    @Test
    void anExecutorThatIsNotLaunchedIsMadeRepeatableToBeDestroyed() {
        bindings.executors().discard(new Acl.Executor(0x4000));
        assertThat(library.lastCall())
                .isEqualTo(new RecordingLibrary.Call("aclDestroyAclOpExecutor", List.of(0x4000L)));
    }

    @Test
    void survivesBeingSentElsewhere() throws Exception {
        library.answer(507010, 0, 0);
        CannException e = failure(() -> bindings.devices().synchronizeDevice());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(e);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            CannException copy = (CannException) in.readObject();
            assertThat(copy).hasMessage(e.getMessage());
            assertThat(copy.status()).isEqualTo(e.status());
        }
    }
}
