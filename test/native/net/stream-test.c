#include "net/switch/stream.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

static struct stream stream;
static int vmm;

static void begin(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
        exit(2);
    stream_open(&stream, pair[0], 65520);
    vmm = pair[1];
}

static void end(void) {
    stream_close(&stream);
    close(vmm);
}

static void put(const void *bytes, size_t size) {
    if (write(vmm, bytes, size) != (ssize_t)size)
        exit(2);
}

/* Frames of 0, 5 and 1 bytes. */
static const uint8_t three[] = {0, 0, 0, 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 1, '!'};

static bool took_three(size_t *seen) {
    static const char *const texts[] = {"", "hello", "!"};
    const uint8_t *frame;
    size_t size;
    bool right = true;
    for (; stream_next(&stream, &frame, &size); ++*seen)
        right = right && *seen < 3 && size == strlen(texts[*seen]) && memcmp(frame, texts[*seen], size) == 0;
    return right && !stream.broken;
}

static void reads_frames_however_they_come(void) {
    bool all = true;
    for (size_t cut = 0; cut <= sizeof three; cut++) {
        size_t seen = 0;
        begin();
        put(three, cut);
        all = all && stream_read(&stream, SIZE_MAX) >= 0 && took_three(&seen);
        put(three + cut, sizeof three - cut);
        all = all && stream_read(&stream, SIZE_MAX) >= 0 && took_three(&seen) && seen == 3;
        end();
    }
    check("frames are whole wherever the stream is cut", all);
    size_t seen = 0;
    begin();
    put(three, sizeof three);
    for (size_t i = 0; i < sizeof three; i++)
        all = all && stream_read(&stream, 1) == 1 && took_three(&seen);
    check("no more is read than is asked for", all && seen == 3);
    end();
    seen = 0;
    begin();
    for (size_t i = 0; i < sizeof three; i++) {
        put(three + i, 1);
        all = all && stream_read(&stream, SIZE_MAX) >= 0 && took_three(&seen);
    }
    check("frames are whole when each byte comes by itself", all && seen == 3);
    check("what has nothing to read is no end", stream_read(&stream, SIZE_MAX) == 0);
    close(vmm);
    check("the VMM's end is one", stream_read(&stream, SIZE_MAX) == -1);
    stream_close(&stream);
}

static void refuses_what_is_no_frame(void) {
    static const uint32_t lengths[] = {MAX_FRAME + 1, 1U << 31, UINT32_MAX};
    const uint8_t *frame;
    size_t size;
    for (size_t i = 0; i < 3; i++) {
        uint8_t length[4];
        begin();
        put_u32(length, lengths[i]);
        put(length, 4);
        check("a length that no frame has breaks the stream",
              stream_read(&stream, SIZE_MAX) == 4 && !stream_next(&stream, &frame, &size) && stream.broken);
        end();
    }
    static uint8_t largest[4 + MAX_FRAME] = {[4 + MAX_FRAME - 1] = 9};
    begin();
    put_u32(largest, MAX_FRAME);
    put(largest, sizeof largest);
    for (int i = 0; i < 100 && stream.in.used < sizeof largest; i++)
        stream_read(&stream, SIZE_MAX);
    check("the largest frame is one",
          stream_next(&stream, &frame, &size) && size == MAX_FRAME && frame[MAX_FRAME - 1] == 9);
    end();
}

static void sends_a_turns_frames_together(void) {
    uint8_t got[64] = {0};
    begin();
    for (size_t i = 0; i < 3; i++)
        if (stream_send(&stream, three + 8, i))
            exit(2);
    check("frames wait for the end of the turn", recv(vmm, got, sizeof got, MSG_DONTWAIT) == -1);
    check("which sends them together", stream_flush(&stream) == 0 && read(vmm, got, sizeof got) == 15 &&
                                           memcmp(got, "\0\0\0\0\0\0\0\1h\0\0\0\2he", 15) == 0);
    check("and has nothing for the next one", stream_flush(&stream) == 0 && !stream_waits_to_write(&stream) &&
                                                  recv(vmm, got, sizeof got, MSG_DONTWAIT) == -1);
    int first_vmm = vmm;
    struct stream first = stream;
    begin();
    if (stream_send(&first, three + 8, 5) || stream_send(&stream, three + 8, 5))
        exit(2);
    check("another box's are sent before",
          read(first_vmm, got, sizeof got) == 9 && recv(vmm, got, sizeof got, MSG_DONTWAIT) == -1);
    end();
    if (stream_send(&first, three + 8, 5))
        exit(2);
    stream_close(&first);
    check("a stream that is closed has none left", read(first_vmm, got, sizeof got) == 0);
    close(first_vmm);
}

/* A VMM that sends faster than its frames are taken, and takes none. */
static void is_bounded(void) {
    static uint8_t bulk[MAX_FRAME];
    begin();
    for (int i = 0; i < 2000; i++)
        if (stream_send(&stream, bulk, sizeof bulk))
            exit(2);
    check("frames for a box that does not read are dropped",
          stream.dropped > 1900 && stream.out.used <= stream.out.cap && stream.out.size <= 4 << 20);
    check("and counted", stream.dropped < 2000 && stream_waits_to_write(&stream));

    /* What is left comes in whole frames. */
    static uint8_t got[1 << 20];
    size_t at = 0, frames = 0, bad = 0, left = 0;
    for (ssize_t n; stream_waits_to_write(&stream) || (n = recv(vmm, got, 1, MSG_PEEK)) > 0;) {
        n = read(vmm, got, sizeof got);
        for (ssize_t i = 0; i < n; i++) {
            if (left == 0) {
                static uint8_t length[4];
                length[at++] = got[i];
                if (at < 4)
                    continue;
                at = 0;
                left = get_u32(length);
                frames++;
                bad += left != MAX_FRAME;
                continue;
            }
            left--;
        }
        if (stream_write(&stream))
            exit(2);
    }
    check("every frame that was not dropped arrives whole",
          frames == 2000 - stream.dropped && bad == 0 && left == 0 && at == 0);
    check("what was waiting is freed", stream.out.data == NULL);
    end();

    begin();
    int small = 4096;
    setsockopt(stream.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    size_t count = 0;
    for (size_t i = 1; i < 200; i++, count++)
        if (stream_send(&stream, bulk, i))
            exit(2);
    check("small frames wait behind others", stream.dropped == 0 && count == 199);
    close(vmm);
    check("a VMM that is gone is noticed in sending",
          stream_write(&stream) == -1 || stream_send(&stream, bulk, 1) == -1 || stream_flush(&stream) == -1);
    stream_close(&stream);
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    reads_frames_however_they_come();
    refuses_what_is_no_frame();
    sends_a_turns_frames_together();
    is_bounded();
    return 0;
}
