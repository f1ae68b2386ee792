package io.pangu.runtime.backend.cann;

import io.pangu.runtime.backend.Communicator;
import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CannException;
import io.pangu.runtime.backend.cann.ffi.CannHome;
import io.pangu.runtime.backend.cann.ffi.HcclRootInfo;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.util.List;
import java.util.Map;

/** NPUs of one engine, by their logical ids in rank order, joined by HCCL where there are several. */
final class CannDevices implements DeviceGroup {
    private final CannHome home;
    private final CannSettings settings;
    private final List<Integer> deviceIds;
    private final RankMeeting meeting;
    private volatile Watcher watcher = (rank, loss) -> {};

    /** Devices that are not open yet. */
    CannDevices(CannHome home, CannSettings settings, List<Integer> deviceIds) {
        this.home = home;
        this.settings = settings;
        this.deviceIds = List.copyOf(deviceIds);
        this.meeting = new RankMeeting(deviceIds.size());
    }

    @Override
    public int size() {
        return deviceIds.size();
    }

    @Override
    public Device open(int rank) {
        int deviceId = deviceIds.get(rank);
        meeting.check();
        CannHealth health = new CannHealth("npu:" + deviceId);
        CallGuard guard = new CallGuard(deviceId, health, settings.callLimits(), loss -> watcher.isLost(rank, loss));
        try {
            return opened(rank, deviceId, health, guard);
        } catch (CannException e) {
            guard.close();
            throw e.toEngineException("open npu:" + deviceId);
        } catch (RuntimeException | Error e) {
            guard.close();
            throw e;
        }
    }

    @Override
    public void watch(Watcher who) {
        watcher = who;
    }

    private Device opened(int rank, int deviceId, CannHealth health, CallGuard guard) {
        CannBindings cann = CannBindings.of(home);
        cann.devices().init(null);
        requireDevice(cann, deviceId);
        String soc = cann.devices()
                .socName()
                .orElseThrow(() -> new EngineException(
                        ErrorCode.BACKEND_UNAVAILABLE,
                        "aclrtGetSocName does not say what npu:" + deviceId
                                + " is; look after the driver and CANN's installation, or use backend cpu"));
        NpuKind kind = NpuKind.of(soc);
        RequiredOperators.check(cann, size());
        NpuSession session = NpuSession.open(cann, deviceId, kind, health, settings, meeting::check);
        Communicator communicator = Communicator.solo();
        try {
            if (size() > 1) {
                communicator = join(rank, session);
            }
            return new CannDevice(session, describe(session, soc), communicator, guard);
        } catch (RuntimeException e) {
            Cleanup cleanup = new Cleanup();
            Communicator joined = communicator;
            cleanup.run(() -> session.close(null, null, joined));
            cleanup.addTo(e);
            throw e;
        }
    }

    private static void requireDevice(CannBindings cann, int deviceId) {
        int count = cann.devices().deviceCount();
        if (deviceId >= count) {
            throw new EngineException(
                    ErrorCode.INVALID_CONFIG,
                    "npu:" + deviceId + " was asked for, CANN shows this process " + count
                            + " NPUs, numbered from 0; correct the addresses or ASCEND_RT_VISIBLE_DEVICES",
                    Map.of("device", Integer.toString(deviceId), "devices", Integer.toString(count)),
                    null);
        }
    }

    private CannCommunicator join(int rank, NpuSession session) {
        CannBindings cann = session.cann();
        HcclRootInfo info = meeting.meet(rank, cann.hccl()::rootInfo, settings.timeoutMillis());
        Acl.Communicator handle = cann.hccl().init(size(), info, rank);
        return new CannCommunicator(rank, size(), handle, session.queue(), session.operands());
    }

    private String describe(NpuSession session, String soc) {
        String version = home.version().map(text -> ", CANN " + text).orElse("");
        return "npu:" + session.deviceId() + " (" + soc + version + ", "
                + (session.memoryInfo().totalBytes() >> 30) + " GiB)";
    }

    @Override
    public void abort(Throwable reason) {
        meeting.abort(reason);
    }
}
