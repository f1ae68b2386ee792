package io.pangu.runtime.backend.cann.ffi;

import java.util.Optional;

/**
 * The operators. Each is planned by a method of its own, with its arguments, and launched by {@link #launch}, both on the
 * thread that owns the device:
 *
 * <pre>{@code
 * ops.norm().rmsNorm(plan, x, gamma, 1e-5, y, rstd);
 * ops.launch(plan, workspace, stream);
 * }</pre>
 *
 * A plan checks arguments on the host and enqueues nothing. Argument names are the C functions', optional ones may be null.
 * Planning and launching throw {@link CannException} when their functions fail or are missing.
 */
public final class AclnnOps {
    private final OperatorTable table;
    private final LinearOps linear;
    private final NormOps norm;
    private final RotaryOps rotary;
    private final AttentionOps attention;
    private final FlashAttentionOps flashAttention;
    private final MoeOps moe;
    private final ExpertOps expert;
    private final QuantOps quant;
    private final ElementwiseOps elementwise;
    private final IndexOps index;
    private final ReductionOps reduction;
    private final SamplingOps sampling;

    AclnnOps(OperatorTable table) {
        this.table = table;
        OperatorCalls calls = new OperatorCalls(table);
        WideOperatorCalls wide = new WideOperatorCalls(table);
        WidestOperatorCalls widest = new WidestOperatorCalls(table);
        linear = new LinearOps(calls, wide);
        norm = new NormOps(calls, wide, widest);
        rotary = new RotaryOps(calls, wide);
        attention = new AttentionOps(table);
        flashAttention = new FlashAttentionOps(table, widest);
        moe = new MoeOps(calls, wide, widest);
        expert = new ExpertOps(calls, wide, widest);
        quant = new QuantOps(calls, wide, widest);
        elementwise = new ElementwiseOps(calls);
        index = new IndexOps(calls);
        reduction = new ReductionOps(calls);
        sampling = new SamplingOps(calls, wide);
    }

    /** Why an operator cannot be used; empty when both of its functions are there. */
    public Optional<String> lack(AclnnOperator op) {
        if (table.sizingSymbol(op) instanceof CannSymbol.Missing missing) {
            return Optional.of(missing.reason());
        }
        return table.launchSymbol(op) instanceof CannSymbol.Missing missing
                ? Optional.of(missing.reason())
                : Optional.empty();
    }

    /** Whether an operator can be used. */
    public boolean has(AclnnOperator op) {
        return lack(op).isEmpty();
    }

    /**
     * Puts a planned operator on a stream.
     *
     * @param workspace device memory of at least {@code plan.workspaceBytes()}, which nothing else uses until the stream has
     *     passed; 0 when that is 0
     */
    public void launch(OpPlan plan, long workspace, Acl.Stream stream) {
        table.launch(plan.operator(), workspace, plan.workspaceBytes(), plan.executorAddress(), stream.address());
    }

    /** Puts an operator whose executor is repeatable on a stream once more. */
    public void launch(
            AclnnOperator op, long workspace, long workspaceBytes, Acl.Executor executor, Acl.Stream stream) {
        table.launch(op, workspace, workspaceBytes, executor.address(), stream.address());
    }

    /** Matrix products. */
    public LinearOps linear() {
        return linear;
    }

    /** Root mean square norms. */
    public NormOps norm() {
        return norm;
    }

    /** Rotary position embedding. */
    public RotaryOps rotary() {
        return rotary;
    }

    /** Attention over a paged cache, prompts and single tokens by one operator. */
    public AttentionOps attention() {
        return attention;
    }

    /** Attention by one operator for prompts and one for single tokens, and the cache's writer. */
    public FlashAttentionOps flashAttention() {
        return flashAttention;
    }

    /** Routing of tokens to experts and back. */
    public MoeOps moe() {
        return moe;
    }

    /** Products with one matrix per expert, and their activation. */
    public ExpertOps expert() {
        return expert;
    }

    /** Quantisation and int8 products. */
    public QuantOps quant() {
        return quant;
    }

    /** Arithmetic element by element. */
    public ElementwiseOps elementwise() {
        return elementwise;
    }

    /** Gathering, scattering and moving elements. */
    public IndexOps index() {
        return index;
    }

    /** Reductions and sorting along an axis. */
    public ReductionOps reduction() {
        return reduction;
    }

    /** Drawing tokens. */
    public SamplingOps sampling() {
        return sampling;
    }
}
