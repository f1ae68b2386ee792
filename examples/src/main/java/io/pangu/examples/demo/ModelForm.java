package io.pangu.examples.demo;

/** The forms that a dense model can be written in. All compute the same function, up to the small random router. */
public enum ModelForm {
    /** Mixture of grouped experts with a small random router: routing varies from token to token. */
    MOGE("PanguProMoEForCausalLM", "PanguProMoE"),
    /** The same with router weights of zero: equal to the dense model to the last bit of fp32. */
    MOGE_ZERO_ROUTER("PanguProMoEForCausalLM", "PanguProMoE"),
    /** The dense sibling with tied embeddings. */
    DENSE("PanguEmbeddedForCausalLM", "PanguEmbedded");

    private final String architecture;
    private final String modelType;

    ModelForm(String architecture, String modelType) {
        this.architecture = architecture;
        this.modelType = modelType;
    }

    String architecture() {
        return architecture;
    }

    String modelType() {
        return modelType;
    }

    boolean isDense() {
        return this == DENSE;
    }
}
