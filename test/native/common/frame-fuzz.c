/* Decodes any bytes, in pieces of any size, as frames, and each payload as fields. */
#include "common/queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct queue queue = {.cap = 131096};
    struct frame frame;
    for (size_t at = 0; at < size;) {
        size_t piece = 1 + data[at] % 64U;
        piece = piece < size - at ? piece : size - at;
        if (queue_push(&queue, data + at, piece))
            break;
        at += piece;
        int found;
        while ((found = queue_frame(&queue, &frame)) > 0) {
            struct rd rd = {.p = frame.payload, .left = frame.header.length};
            const uint8_t *bytes;
            uint32_t n;
            while (!rd.bad && rd.left) {
                rd_bytes(&rd, &bytes, &n);
                rd_u16(&rd);
            }
            queue_drop(&queue, frame_bytes(&frame));
        }
        if (found < 0)
            break;
    }
    queue_free(&queue);
    return 0;
}
