package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.CannException;
import java.util.Iterator;
import java.util.LinkedHashMap;

/**
 * Tensors by their view and address, for operators that are planned anew for each call but see the same memory again, such as
 * attention over a cache. Bounded: the one that has not been asked for longest goes first, which is safe once its operator has
 * been launched. Used by the thread that drives the device.
 */
final class DescriptorCache implements AutoCloseable {
    private final AclTensors tensors;
    private final int maxEntries;
    private final LinkedHashMap<Key, Acl.Tensor> entries = new LinkedHashMap<>(16, 0.75f, true);

    private record Key(AclTensors.View view, long address) {}

    /**
     * An empty cache.
     *
     * @param maxEntries most tensors that are kept; more than one operator takes
     */
    DescriptorCache(AclTensors tensors, int maxEntries) {
        if (maxEntries < 1) {
            throw new IllegalArgumentException("a cache of " + maxEntries + " tensors");
        }
        this.tensors = tensors;
        this.maxEntries = maxEntries;
    }

    /** The tensor of this view at this device address; the cache destroys it. */
    Acl.Tensor tensor(AclTensors.View view, long address) {
        Key key = new Key(view, address);
        Acl.Tensor tensor = entries.get(key);
        if (tensor == null) {
            tensor = tensors.createTensor(view, address);
            entries.put(key, tensor);
            dropEldest();
        }
        return tensor;
    }

    private void dropEldest() {
        Iterator<Acl.Tensor> eldestFirst = entries.values().iterator();
        while (entries.size() > maxEntries) {
            Acl.Tensor eldest = eldestFirst.next();
            eldestFirst.remove();
            tensors.destroyTensor(eldest);
        }
    }

    /** Tensors that are kept. */
    int size() {
        return entries.size();
    }

    /** Destroys every tensor, once no executor refers to them. */
    @Override
    public void close() {
        CannException failure = null;
        for (Acl.Tensor tensor : entries.values()) {
            try {
                tensors.destroyTensor(tensor);
            } catch (CannException e) {
                failure = e;
            }
        }
        entries.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
