/* Runtime functions newer than 8.1.RC1. */
#include "../cann_runtime.h"
#include "../core/entry.h"
#include "../core/graphs.h"

#include <string.h>

aclError aclmdlRIExecute(aclmdlRI graph, int32_t millis) {
    SI_ENTER();
    aclError code = ACL_SUCCESS;
    struct si_stream *stream = si_stream_of(__func__, NULL, &code);
    if (!stream) return code;
    code = si_graph_launch(graph, stream);
    return code ? code : si_stream_synchronize(stream, millis);
}

aclError aclsysGetVersionStr(char *package, char *version) {
    SI_ENTER();
    if (!package || !version) return si_fail(ACL_ERROR_INVALID_PARAM, "%s: a null pointer", __func__);
    strcpy(version, si_cann_version());
    return ACL_SUCCESS;
}
