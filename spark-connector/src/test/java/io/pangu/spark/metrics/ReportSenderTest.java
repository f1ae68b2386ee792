package io.pangu.spark.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ReportSenderTest {
    private final List<EngineReport> received = new CopyOnWriteArrayList<>();

    @Test
    void namesItsExecutorAndSendsALastReportWhenItEnds() {
        ReportSender sender = new ReportSender("7", received::add);

        sender.close();

        assertThat(received).singleElement().isEqualTo(sender.current());
        assertThat(received.get(0).executor()).isEqualTo("7");
        sender.close();
        assertThat(received).as("nothing changed").hasSize(1);
    }

    @Test
    void goesOnWhenAReportIsLost() {
        AtomicInteger attempts = new AtomicInteger();
        try (ReportSender sender = new ReportSender("7", report -> {
            if (attempts.incrementAndGet() < 3) {
                throw new IllegalStateException("the driver is busy");
            }
            received.add(report);
        })) {
            sender.start(1);

            await().atMost(60, TimeUnit.SECONDS).until(() -> !received.isEmpty());
        }
        assertThat(attempts).hasValueGreaterThanOrEqualTo(3);
    }
}
