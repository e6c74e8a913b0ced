/* Tests sessions with real pipes; the frames for the port stay in its queue. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "guest/proc/report.h"
#include "guest/session/session-input.h"
#include "guest/session/session.h"
#include "protocol/protocol.h"

static struct port port = {.writable = true, .out = {.cap = 1 << 20}};
static struct frame frame;
static int far_output, far_error, far_input, far_report;

static int pipe_end(int *far, bool we_read) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        exit(2);
    *far = ends[we_read ? 1 : 0];
    fcntl(ends[we_read ? 0 : 1], F_SETFL, O_NONBLOCK);
    return ends[we_read ? 0 : 1];
}

static struct session *make(uint32_t number) {
    struct session *session = session_new(number);
    session->output.fd = pipe_end(&far_output, true);
    session->error.fd = pipe_end(&far_error, true);
    session->input = pipe_end(&far_input, false);
    session->report = pipe_end(&far_report, true);
    return session;
}

static void starts(struct session *session) {
    report_starting(far_report);
    close(far_report);
    session_read_report(session, &port);
}

static bool sent(uint8_t type, const char *payload) {
    if (queue_frame(&port.out, &frame) != 1)
        return false;
    bool same = frame.header.type == type && (!payload || (frame.header.length == strlen(payload) &&
                                                           memcmp(frame.payload, payload, strlen(payload)) == 0));
    queue_drop(&port.out, frame_bytes(&frame));
    return same;
}

static bool nothing_sent(void) { return queue_frame(&port.out, &frame) == 0; }

static void put(int fd, const char *text) {
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        exit(2);
}

static void release(struct session *session) {
    close(far_output);
    close(far_error);
    close(far_input);
    session_free(session);
    queue_drop(&port.out, port.out.used);
}

static void test_order(void) {
    struct session *s = make(7);
    put(far_output, "early");
    check("output waits until the command has started", !session_send_output(s, &port) && nothing_sent());
    starts(s);
    check("STARTED is first", sent(BL_MSG_STARTED, NULL));
    put(far_error, "bad");
    session_send_output(s, &port);
    check("the streams are kept apart", sent(BL_MSG_STDOUT, "early") && sent(BL_MSG_STDERR, "bad"));

    put(far_output, "last");
    session_died(s, 0, &port);
    check("a dead command with bytes in its pipe is not finished", !session_finished(s));
    put(far_output, "of somebody it left behind");
    while (session_send_output(s, &port))
        ;
    check("what was in the pipe when it died is sent, and no more",
          sent(BL_MSG_STDOUT, "last") && nothing_sent() && session_finished(s));
    release(s);
}

static void test_main_to_the_end(void) {
    struct session *s = make(BL_SESSION_MAIN);
    starts(s);
    session_died(s, 0, &port);
    while (session_send_output(s, &port))
        ;
    check("the box's command is finished only when its streams have ended", !session_finished(s));
    close(far_output);
    close(far_error);
    far_output = far_error = -1;
    s->output.readable = s->error.readable = true;
    while (session_send_output(s, &port))
        ;
    check("and then it is", session_finished(s));
    release(s);
}

static void test_failure(void) {
    struct session *s = make(8);
    struct err why;
    err_set(&why, ENOENT, "nope");
    struct report report = {.kind = REPORT_FAILED, .stage = BL_STAGE_EXEC, .err = why};
    report_starting(far_report);
    if (write(far_report, &report, sizeof report) != (ssize_t)sizeof report)
        exit(2);
    close(far_report);
    session_died(s, 127 << 8, &port);
    check("a command that could not be executed has failed, not started",
          s->failed && s->failure.code == ENOENT && nothing_sent() && session_finished(s));
    release(s);

    s = make(9);
    close(far_report);
    session_died(s, 1 << 8, &port);
    check("a process that says nothing has failed", s->failed && s->failure.code == ECHILD);
    release(s);

    s = make(9);
    close(far_report);
    session_read_report(s, &port);
    check("nothing is said of one that may have been killed", !s->failed && !s->started && nothing_sent());
    session_died(s, SIGKILL, &port);
    check("one that was killed before it was the command ends like any command",
          !s->failed && sent(BL_MSG_STARTED, NULL));
    while (session_send_output(s, &port))
        ;
    check("with its end reported", session_finished(s));
    release(s);
}

static void test_time_up_early(void) {
    struct session *s = make(13);
    s->timed_out = true;
    close(far_report);
    session_died(s, SIGTERM, &port);
    check("a command whose time is up before it runs is reported as one that ran",
          !s->failed && sent(BL_MSG_STARTED, NULL));
    while (session_send_output(s, &port))
        ;
    check("and its end as well", session_finished(s));
    release(s);

    struct err why;
    err_set(&why, ENOENT, "nope");
    struct report report = {.kind = REPORT_FAILED, .stage = BL_STAGE_EXEC, .err = why};
    s = make(14);
    s->timed_out = true;
    if (write(far_report, &report, sizeof report) != (ssize_t)sizeof report)
        exit(2);
    close(far_report);
    session_died(s, 127 << 8, &port);
    check("what failed by itself has failed", s->failed && session_finished(s));
    release(s);
}

/* Starts a process group of two, whose leader has ended. */
static void test_group(void) {
    int alive[2];
    if (pipe(alive))
        exit(2);
    pid_t first = fork();
    if (first == 0) {
        setpgid(0, 0);
        if (fork() == 0) {
            close(alive[0]);
            pause();
        }
        _exit(0);
    }
    close(alive[1]);
    waitpid(first, NULL, 0);

    struct session *s = make(15);
    starts(s);
    s->pid = first;
    s->timed_out = true;
    session_arm(s, STEP_KILL, 1000);
    session_died(s, SIGTERM, &port);
    while (session_send_output(s, &port))
        ;
    check("a command whose time is up is not finished before its group is", !session_finished(s));
    check("the group is looked at again before it is killed", session_next_ns(s, 0) < s->deadline_ns);
    session_check_deadline(s, s->deadline_ns);
    char byte;
    check("it is killed when the grace is over", read(alive[0], &byte, 1) == 0 && session_finished(s));
    close(alive[0]);
    release(s);

    s = make(16);
    starts(s);
    s->pid = first;
    session_arm(s, STEP_KILL, 1000);
    for (int tries = 0; kill(-first, 0) == 0 && tries < 1000; tries++)
        waitpid(-1, NULL, 0);
    session_died(s, SIGTERM, &port);
    check("a group that has gone is not waited for", s->group == 0 && s->next_step == STEP_NONE);
    release(s);
}

static void test_window(void) {
    static char big[60000];
    struct session *s = make(10);
    starts(s);
    size_t total = 0;
    for (int i = 0; i < 10; i++) {
        ssize_t n = fcntl(far_output, F_SETFL, O_NONBLOCK) ? -1 : write(far_output, big, sizeof big);
        total += n > 0 ? (size_t)n : 0;
        s->output.readable = true;
        session_send_output(s, &port);
        queue_drop(&port.out, port.out.used);
    }
    check("output stops at the window", flow_send_room(&s->flow) == 0 && total > BL_LIMIT_WINDOW);
    flow_credited(&s->flow, 1000);
    session_send_output(s, &port);
    check("and goes on by what was credited",
          queue_frame(&port.out, &frame) == 1 && frame.header.length == 1000 && flow_send_room(&s->flow) == 0);
    release(s);
}

static void test_input(void) {
    static uint8_t block[BL_LIMIT_MAX_PAYLOAD], back[BL_LIMIT_MAX_PAYLOAD];
    struct session *s = make(11);
    starts(s);
    queue_drop(&port.out, port.out.used);
    bool taken = true;
    /* The pipe itself holds a block, whose credit has been returned. */
    for (size_t i = 0; i < BL_LIMIT_WINDOW + sizeof block; i += sizeof block) {
        memset(block, (int)(i >> 16), sizeof block);
        taken = taken && session_take_input(s, &port, block, sizeof block, false);
    }
    check("a window of stdin waits though the command reads nothing", taken);
    check("one byte more is refused", !session_take_input(s, &port, block, 1, false));
    session_take_input(s, &port, block, 0, true);
    size_t total = 0;
    bool right = true;
    for (ssize_t n; (n = read(far_input, back, sizeof back)) > 0;) {
        for (ssize_t i = 0; i < n; i++)
            right = right && back[i] == (total + (size_t)i) >> 16;
        total += (size_t)n;
        s->input_writable = true;
        session_feed_input(s, &port);
    }
    check("all of it arrives in order, then its end", right && total == BL_LIMIT_WINDOW + sizeof block && s->input < 0);
    release(s);

    s = make(12);
    starts(s);
    close(far_input);
    far_input = -1;
    queue_drop(&port.out, port.out.used);
    taken = true;
    for (int i = 0; i < 64; i++)
        taken = taken && session_take_input(s, &port, block, sizeof block, false);
    check("stdin that nobody reads is credited and discarded", taken && sent(BL_MSG_CREDIT, NULL));
    release(s);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* this process must reap the orphans */
    test_order();
    test_main_to_the_end();
    test_failure();
    test_time_up_early();
    test_group();
    test_window();
    test_input();
    queue_free(&port.out);
    return 0;
}
