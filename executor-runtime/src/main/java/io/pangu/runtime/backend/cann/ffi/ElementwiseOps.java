package io.pangu.runtime.backend.cann.ffi;

/** Arithmetic element by element. Methods plan; {@link AclnnOps} says how. */
public final class ElementwiseOps {
    private final OperatorCalls calls;

    ElementwiseOps(OperatorCalls calls) {
        this.calls = calls;
    }

    /** {@code aclnnCast}: {@code out = self} as another type. */
    public void cast(OpPlan plan, Acl.Tensor self, AclDataType dtype, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.CAST, self.address(), dtype.code(), out.address());
    }

    /** {@code aclnnAdd}: {@code out = self + alpha other}, with broadcasting. */
    public void add(OpPlan plan, Acl.Tensor self, Acl.Tensor other, Acl.Scalar alpha, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.ADD, self.address(), other.address(), alpha.address(), out.address());
    }

    /** {@code aclnnInplaceAdd}: {@code selfRef += alpha other}, with broadcasting of {@code other}. */
    public void inplaceAdd(OpPlan plan, Acl.Tensor selfRef, Acl.Tensor other, Acl.Scalar alpha) {
        calls.size(plan, AclnnOperator.INPLACE_ADD, selfRef.address(), other.address(), alpha.address());
    }

    /** {@code aclnnAdds}: {@code out = self + alpha other} for a number. */
    public void adds(OpPlan plan, Acl.Tensor self, Acl.Scalar other, Acl.Scalar alpha, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.ADDS, self.address(), other.address(), alpha.address(), out.address());
    }

    /** {@code aclnnSub}: {@code out = self - alpha other}, with broadcasting. */
    public void sub(OpPlan plan, Acl.Tensor self, Acl.Tensor other, Acl.Scalar alpha, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.SUB, self.address(), other.address(), alpha.address(), out.address());
    }

    /** {@code aclnnMul}: {@code out = self other}, with broadcasting. */
    public void mul(OpPlan plan, Acl.Tensor self, Acl.Tensor other, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.MUL, self.address(), other.address(), out.address());
    }

    /** {@code aclnnInplaceMul}: {@code selfRef *= other}, with broadcasting of {@code other}. */
    public void inplaceMul(OpPlan plan, Acl.Tensor selfRef, Acl.Tensor other) {
        calls.size(plan, AclnnOperator.INPLACE_MUL, selfRef.address(), other.address());
    }

    /** {@code aclnnMuls}: {@code out = self other} for a number. */
    public void muls(OpPlan plan, Acl.Tensor self, Acl.Scalar other, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.MULS, self.address(), other.address(), out.address());
    }

    /** {@code aclnnDiv}: {@code out = self / other}, with broadcasting. */
    public void div(OpPlan plan, Acl.Tensor self, Acl.Tensor other, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.DIV, self.address(), other.address(), out.address());
    }

    /** {@code aclnnNeg}: {@code out = -self}. */
    public void neg(OpPlan plan, Acl.Tensor self, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.NEG, self.address(), out.address());
    }

    /** {@code aclnnSilu}: {@code out = self / (1 + exp(-self))}. */
    public void silu(OpPlan plan, Acl.Tensor self, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.SILU, self.address(), out.address());
    }

    /** {@code aclnnExp}: {@code out = exp(self)}. */
    public void exp(OpPlan plan, Acl.Tensor self, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.EXP, self.address(), out.address());
    }

    /** {@code aclnnRsqrt}: {@code out = 1 / sqrt(self)}. */
    public void rsqrt(OpPlan plan, Acl.Tensor self, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.RSQRT, self.address(), out.address());
    }

    /** {@code aclnnSWhere}: {@code out = condition ? self : other}, with broadcasting. */
    public void sWhere(OpPlan plan, Acl.Tensor condition, Acl.Tensor self, Acl.Tensor other, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.S_WHERE, condition.address(), self.address(), other.address(), out.address());
    }

    /** {@code aclnnInplaceMaskedFillScalar}: {@code selfRef = value} where the mask is true. */
    public void inplaceMaskedFillScalar(OpPlan plan, Acl.Tensor selfRef, Acl.Tensor mask, Acl.Scalar value) {
        calls.size(plan, AclnnOperator.INPLACE_MASKED_FILL_SCALAR, selfRef.address(), mask.address(), value.address());
    }

    /** {@code aclnnInplaceFillScalar}: {@code selfRef = value}. */
    public void inplaceFillScalar(OpPlan plan, Acl.Tensor selfRef, Acl.Scalar value) {
        calls.size(plan, AclnnOperator.INPLACE_FILL_SCALAR, selfRef.address(), value.address());
    }

    /** {@code aclnnInplaceZero}: {@code selfRef = 0}. */
    public void inplaceZero(OpPlan plan, Acl.Tensor selfRef) {
        calls.size(plan, AclnnOperator.INPLACE_ZERO, selfRef.address());
    }

    /** {@code aclnnInplaceCopy}: {@code selfRef = src}, with conversion of type and broadcasting of {@code src}. */
    public void inplaceCopy(OpPlan plan, Acl.Tensor selfRef, Acl.Tensor src) {
        calls.size(plan, AclnnOperator.INPLACE_COPY, selfRef.address(), src.address());
    }

    /** {@code aclnnArange}: {@code out = start, start + step, ...} below {@code end}. */
    public void arange(OpPlan plan, Acl.Scalar start, Acl.Scalar end, Acl.Scalar step, Acl.Tensor out) {
        calls.size(plan, AclnnOperator.ARANGE, start.address(), end.address(), step.address(), out.address());
    }
}
