package io.pangu.spark.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The metrics of the model's operator as Spark's REST interface tells them. */
record SqlMetrics(String status, Map<String, String> values) {
    private static final Pattern NUMBER = Pattern.compile("[0-9][0-9,]*(\\.[0-9]+)?");

    /** Those of the latest query whose description is this. */
    static SqlMetrics of(LocalCluster cluster, String description) {
        String path = "/api/v1/applications/" + cluster.context().applicationId() + "/sql?details=true&length=1000";
        try {
            SqlMetrics latest = new SqlMetrics("not found", Map.of());
            for (JsonNode query : new ObjectMapper().readTree(cluster.get(path))) {
                if (query.get("description").asText().equals(description)) {
                    latest = new SqlMetrics(query.get("status").asText(), ofOperator(query));
                }
            }
            return latest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> ofOperator(JsonNode query) {
        Map<String, String> metrics = new LinkedHashMap<>();
        for (JsonNode node : query.get("nodes")) {
            if (node.get("nodeName").asText().startsWith("LlmInference")) {
                node.get("metrics")
                        .forEach(metric -> metrics.put(
                                metric.get("name").asText(), metric.get("value").asText()));
            }
        }
        return metrics;
    }

    boolean isComplete() {
        return status.equals("COMPLETED") && !values.isEmpty();
    }

    /** The first number of a metric's text; that is its total, where it has one. */
    double number(String name) {
        String text = values.getOrDefault(name, "");
        // Where a metric has statistics of tasks its first line says which, its second what.
        Matcher matcher = NUMBER.matcher(text.substring(text.indexOf('\n') + 1));
        if (!matcher.find()) {
            throw new AssertionError("no number in metric '" + name + "': " + values);
        }
        return Double.parseDouble(matcher.group().replace(",", ""));
    }
}
