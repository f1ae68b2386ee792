package io.pangu.runtime.backend.cann.ffi;

/** A function of the C interface: its name and type, whatever home it is bound to. */
interface CannFunction {
    /** The symbol. */
    String cName();

    /** Its type in the letters of {@link Signature}. */
    String letters();

    /** Its place in a {@link FunctionTable}; 0 and up without gaps among the functions of one kind. */
    int ordinal();
}
