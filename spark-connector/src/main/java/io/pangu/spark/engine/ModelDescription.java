package io.pangu.spark.engine;

import java.io.Serializable;

/**
 * What an engine runs.
 *
 * @param name the checkpoint directory's name
 * @param fingerprint equal fingerprints give equal outputs
 * @param contextLength longest prompt plus completion in tokens
 * @param hiddenSize length of embeddings
 * @param device what it runs on
 */
public record ModelDescription(String name, String fingerprint, int contextLength, int hiddenSize, String device)
        implements Serializable {}
