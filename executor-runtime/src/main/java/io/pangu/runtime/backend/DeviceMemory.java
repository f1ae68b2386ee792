package io.pangu.runtime.backend;

/** Memory of a device, in bytes. */
public record DeviceMemory(long totalBytes, long freeBytes) {}
