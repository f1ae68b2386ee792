package io.pangu.runtime.backend;

import io.pangu.runtime.quant.FloatFormat;
import io.pangu.runtime.quant.HostExpert;
import io.pangu.runtime.quant.HostLinear;
import io.pangu.runtime.quant.HostMatrix;
import io.pangu.runtime.quant.InputQuantization;
import io.pangu.runtime.quant.RowQuantization;
import io.pangu.runtime.quant.WeightScheme;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** One device set up for tests: tensors from arrays and back, everything closed at the end. */
public final class DeviceBench implements AutoCloseable {
    private final Device device;
    private final DType precision;
    private final List<AutoCloseable> owned = new ArrayList<>();

    /** Takes the device over. */
    public DeviceBench(Device device) {
        this(device, device.activationType());
    }

    /**
     * Takes the device over.
     *
     * @param precision what activations are rounded to before they go to the device, so that two can be given the same
     */
    public DeviceBench(Device device, DType precision) {
        this.device = device;
        this.precision = precision;
        owned.add(device);
    }

    public Device device() {
        return device;
    }

    public Kernels kernels() {
        return device.kernels();
    }

    /** Closes the resource with the bench. */
    public <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    /** A tensor of undefined content. */
    public Tensor fresh(DType dtype, long... shape) {
        Tensor tensor = device.allocate(dtype, Shape.of(shape));
        own(tensor.buffer());
        return tensor;
    }

    /** Activations of undefined content. */
    public Tensor activations(long... shape) {
        return fresh(device.activationType(), shape);
    }

    /** Activations: a tensor of the device's activation type. */
    public Tensor floats(float[] values, long... shape) {
        float[] rounded = new float[values.length];
        FloatFormat.decode(encoded(values, precision), precision, rounded, 0, values.length);
        return upload(device.activationType(), encoded(rounded, device.activationType()), shape);
    }

    private static MemorySegment encoded(float[] values, DType dtype) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * dtype.bytes()]);
        FloatFormat.encode(values, values.length, dtype, bytes);
        return bytes;
    }

    /** An fp32 tensor. */
    public Tensor parameters(float[] values, long... shape) {
        return upload(DType.F32, MemorySegment.ofArray(values), shape);
    }

    /** An int32 tensor. */
    public Tensor ints(int[] values, long... shape) {
        return upload(DType.I32, MemorySegment.ofArray(values), shape);
    }

    /** A tensor of any type from its bytes. */
    public Tensor upload(DType dtype, MemorySegment bytes, long... shape) {
        Tensor tensor = fresh(dtype, shape);
        device.upload(bytes, tensor);
        return tensor;
    }

    /** The values of a tensor of floats. */
    public float[] read(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(tensor.sizeBytes())]);
        device.download(tensor, bytes);
        FloatFormat.decode(bytes, tensor.dtype(), values, 0, values.length);
        return values;
    }

    /** The values of an int32 tensor. */
    public int[] readInts(Tensor tensor) {
        int[] values = new int[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    public LinearWeight pack(HostLinear linear) {
        return own(device.pack(linear));
    }

    @Override
    public void close() {
        Collections.reverse(owned);
        for (AutoCloseable resource : owned) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IllegalStateException("while trying to close " + resource, e);
            }
        }
    }

    /** Normally distributed numbers. */
    public static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** A layer of normally distributed weights, stored as fp32 or as the scheme wants them, without bias. */
    public static HostLinear layer(Random random, int rows, int cols, WeightScheme scheme) {
        return new HostLinear(List.of(matrix(random, rows, cols, scheme)), Optional.empty(), scheme);
    }

    /** Normally distributed weights stored as fp32. */
    public static HostMatrix matrix(Random random, int rows, int cols) {
        MemorySegment data = MemorySegment.ofArray(normal(random, rows * cols));
        return new HostMatrix(data, DType.F32, rows, cols, 4L * cols, "weights");
    }

    /**
     * Weights that a scheme can hold: fp32, or int8 for inputs of a fixed quantisation under which normally distributed ones
     * make use of the whole range.
     */
    public static HostMatrix matrix(Random random, int rows, int cols, WeightScheme scheme) {
        if (!(scheme instanceof WeightScheme.W8A8Static)) {
            return matrix(random, rows, cols);
        }
        float scale = random.nextFloat(0.02f, 0.04f);
        return fixed(random, rows, cols, new InputQuantization(scale, random.nextInt(-20, 20)));
    }

    /** Int8 weights from -128 to 127 for inputs of a fixed quantisation, answers about as large as those of floats. */
    public static HostMatrix fixed(Random random, int rows, int cols, InputQuantization input) {
        HostMatrix stored = int8(random, rows, cols);
        float[] scales = new float[rows];
        int[] bias = new int[rows];
        for (int row = 0; row < rows; row++) {
            scales[row] = input.scale() * random.nextFloat(0.005f, 0.02f);
            bias[row] = random.nextInt(-30_000, 30_000);
        }
        return stored.with(new RowQuantization.Static(input, scales, bias));
    }

    /** Int8 weights from -128 to 127 for inputs quantised row by row. */
    public static HostMatrix dynamic(Random random, int rows, int cols) {
        HostMatrix stored = int8(random, rows, cols);
        float[] scales = new float[rows];
        for (int row = 0; row < rows; row++) {
            scales[row] = random.nextFloat(0.005f, 0.02f);
        }
        return stored.with(new RowQuantization.Dynamic(scales));
    }

    private static HostMatrix int8(Random random, int rows, int cols) {
        byte[] weights = new byte[rows * cols];
        random.nextBytes(weights);
        return new HostMatrix(MemorySegment.ofArray(weights), DType.I8, rows, cols, cols, "weights");
    }

    /** Experts whose answers are of the size of their inputs. */
    public static List<HostExpert> experts(Random random, int count, int hidden, int width, WeightScheme scheme) {
        List<HostExpert> experts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            experts.add(new HostExpert(layer(random, 2 * width, hidden, scheme), layer(random, hidden, width, scheme)));
        }
        return experts;
    }

    /** As {@link #experts}; those of a fixed quantisation without offsets and biases. */
    public static List<HostExpert> symmetricExperts(
            Random random, int count, int hidden, int width, WeightScheme scheme) {
        return experts(random, count, hidden, width, scheme).stream()
                .map(expert -> new HostExpert(symmetric(expert.gateUp()), symmetric(expert.down())))
                .toList();
    }

    private static HostLinear symmetric(HostLinear layer) {
        List<HostMatrix> parts = layer.parts().stream()
                .map(part -> part.quantization().orElse(null) instanceof RowQuantization.Static fixed
                        ? part.with(new RowQuantization.Static(
                                new InputQuantization(fixed.input().scale(), 0), fixed.scales(), new int[part.rows()]))
                        : part)
                .toList();
        return new HostLinear(parts, layer.bias(), layer.scheme());
    }
}
