package io.pangu.runtime.doctor;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One thing that was looked at.
 *
 * @param subject what it is
 * @param found what was found
 * @param remedy how to mend it; empty when nothing has to be
 * @param facts figures and names for programs, in order: strings, numbers and booleans
 * @param isDetail whether it is left out of the text for people unless they ask for everything
 */
record Finding(Level level, String subject, String found, String remedy, Map<String, Object> facts, boolean isDetail) {
    /** How good it is. */
    enum Level {
        OK,
        /** The engine runs; something is slow, missing or unknown. */
        WARN,
        /** The engine cannot run. */
        FAIL
    }

    Finding {
        facts = new LinkedHashMap<>(facts);
    }

    static Finding ok(String subject, String found) {
        return new Finding(Level.OK, subject, found, "", Map.of(), false);
    }

    static Finding warn(String subject, String found, String remedy) {
        return new Finding(Level.WARN, subject, found, remedy, Map.of(), false);
    }

    static Finding fail(String subject, String found, String remedy) {
        return new Finding(Level.FAIL, subject, found, remedy, Map.of(), false);
    }

    /** The same with a fact more. */
    Finding with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(facts);
        more.put(key, value);
        return new Finding(level, subject, found, remedy, more, isDetail);
    }

    /** The same as a detail. */
    Finding asDetail() {
        return new Finding(level, subject, found, remedy, facts, true);
    }
}
