#include "common/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../guest/check.h"

enum { CAP = 100000 };

static void keeps_order_through_growth(void) {
    struct queue queue = {.cap = CAP};
    uint32_t in = 0, out = 0;
    bool same = true;
    for (int round = 0; round < 20000; round++) {
        /* Alternates many pushes and many drops, so that the bytes wrap around the end of the buffer. */
        for (int i = 0; i < 1 + round % 7 && queue.used + 4 <= CAP; i++, in++)
            queue_push(&queue, &in, sizeof in);
        for (int i = 0; i < 1 + round % 5 && queue.used; i++, out++) {
            uint32_t got;
            memcpy(&got, queue.data + queue.start, sizeof got);
            same = same && got == out;
            queue_drop(&queue, sizeof got);
        }
    }
    check("bytes come out as they went in", same && in - out == queue.used / 4);
    queue_free(&queue);
}

static void holds_to_its_cap(void) {
    struct queue queue = {.cap = 10};
    check("as much as the cap is taken", queue_push(&queue, "0123456789", 10) == 0);
    errno = 0;
    check("one more is not", queue_push(&queue, "x", 1) == -1 && errno == ENOBUFS && queue.used == 10);
    queue.cap = 5;
    check("a cap lowered below what waits takes nothing", queue_push(&queue, "x", 1) == -1);
    check("nor reads", queue_read(&queue, 0, 1) == -1 && errno == ENOBUFS);
    struct queue frames = {.cap = FRAME_HEADER_BYTES + 4};
    struct frame_header header = {.length = 5, .type = 1};
    check("a frame is taken whole or not at all", queue_push_frame(&frames, &header, "12345") == -1 && !frames.used);
    queue_free(&queue);
    queue_free(&frames);
}

static void gives_memory_back(void) {
    struct queue queue = {.cap = CAP};
    static const uint8_t large[CAP];
    queue_push(&queue, large, sizeof large);
    queue_drop(&queue, sizeof large);
    check("an emptied queue holds no memory", queue.data == NULL && queue.size == 0);
}

static void finds_frames(void) {
    struct queue queue = {.cap = CAP};
    struct frame_header header = {.length = 3, .session = 9, .type = 0x45};
    struct frame frame;
    queue_push_frame(&queue, &header, "abc");
    queue_push(&queue, "\0\0", 2);
    check("a whole frame is found", queue_frame(&queue, &frame) == 1 && memcmp(frame.payload, "abc", 3) == 0);
    queue_drop(&queue, frame_bytes(&frame));
    check("a part of a header is none", queue_frame(&queue, &frame) == 0);
    queue_push(&queue, "\xff\xff\0\0\0\0\0\0\0\0", 10);
    check("a bad header is seen without its payload", queue_frame(&queue, &frame) == -1);
    queue_free(&queue);
}

static void moves_between_descriptors(void) {
    int ends[2];
    check("a pipe", pipe2(ends, O_NONBLOCK) == 0);
    struct queue out = {.cap = CAP}, in = {.cap = CAP};
    queue_push(&out, "hello", 5);
    check("writes what waits", queue_write(&out, ends[1]) == 5 && out.used == 0);
    check("reads up to the limit", queue_read(&in, ends[0], 4) == 4 && memcmp(in.data + in.start, "hell", 4) == 0);
    check("and the rest", queue_read(&in, ends[0], 4) == 1 && in.used == 5);
    check("then nothing for now", queue_read(&in, ends[0], 4) == -1 && errno == EAGAIN);
    close(ends[1]);
    check("then the end", queue_read(&in, ends[0], 4) == 0);
    close(ends[0]);
    queue_free(&in);
    queue_free(&out);
}

int main(void) {
    keeps_order_through_growth();
    holds_to_its_cap();
    gives_memory_back();
    finds_frames();
    moves_between_descriptors();
    return 0;
}
