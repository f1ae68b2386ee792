package io.pangu.runtime.engine;

import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.model.ExpertLoad;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardOutput;
import io.pangu.runtime.model.LanguageModel;

/** A loaded model that outlives the engines that run it one after the other, each with some of its cache. */
final class BorrowedModel implements LanguageModel {
    private final LanguageModel owned;
    private final int numBlocks;

    BorrowedModel(LanguageModel owned, int numBlocks) {
        this.owned = owned;
        this.numBlocks = numBlocks;
    }

    @Override
    public ModelConfig config() {
        return owned.config();
    }

    @Override
    public int blockSize() {
        return owned.blockSize();
    }

    @Override
    public int numBlocks() {
        return numBlocks;
    }

    @Override
    public int maxBatchTokens() {
        return owned.maxBatchTokens();
    }

    @Override
    public ForwardOutput forward(ForwardBatch batch) {
        return owned.forward(batch);
    }

    @Override
    public ExpertLoad expertLoad() {
        return owned.expertLoad();
    }

    @Override
    public void close() {
        // Its owner closes it.
    }
}
