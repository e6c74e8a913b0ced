/* stdin of a session: what the pipe does not take yet waits here, at most one window of it. */
#include "session-input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"

enum { END_OF_TRANSMISSION = 4 };

static ssize_t write_some(struct session *session, const uint8_t *bytes, size_t size);
static void consumed(struct session *session, struct port *port, size_t bytes);
static void close_input(struct session *session);

bool session_take_input(struct session *session, struct port *port, const uint8_t *bytes, size_t size, bool last) {
    if (!flow_received(&session->flow, (uint32_t)size))
        return false;
    /* What is ready goes straight to the pipe, without a copy. */
    while (size && session->input >= 0 && !session->waiting.used) {
        ssize_t n = write_some(session, bytes, size);
        if (n < 0)
            break;
        bytes += n;
        size -= (size_t)n;
        consumed(session, port, (size_t)n);
    }
    if (session->input < 0 || session->input_ended)
        consumed(session, port, size); /* nobody will read it: return the credit, or the sender waits for ever */
    else if (size && queue_push(&session->waiting, bytes, size))
        return false;
    if (last && !session->input_ended && session->input >= 0) {
        /* A terminal does not end when its sender does; what a person types for that is ^D. */
        const uint8_t end = END_OF_TRANSMISSION;
        if (session->terminal)
            (void)queue_push(&session->waiting, &end, 1);
        session->input_ended = true;
    }
    session_feed_input(session, port);
    return true;
}

void session_feed_input(struct session *session, struct port *port) {
    while (session->input >= 0 && session->waiting.used) {
        ssize_t n = write_some(session, queue_bytes(&session->waiting), session->waiting.used);
        if (n < 0)
            break;
        queue_drop(&session->waiting, (size_t)n);
        consumed(session, port, (size_t)n);
    }
    if (session->input < 0 && session->waiting.used) {
        consumed(session, port, session->waiting.used);
        queue_free(&session->waiting);
    }
    if (session->input_ended && !session->waiting.used && session->input >= 0 && !session->terminal)
        close_input(session);
}

/* The number written; -1 when the rest has to wait, or when the pipe has lost its reader and is closed. */
static ssize_t write_some(struct session *session, const uint8_t *bytes, size_t size) {
    while (session->input_writable) {
        ssize_t n = write(session->input, bytes, size);
        if (n >= 0)
            return n;
        if (errno == EINTR)
            continue;
        session->input_writable = false;
        if (errno != EAGAIN)
            close_input(session);
    }
    return -1;
}

static void consumed(struct session *session, struct port *port, size_t bytes) {
    uint32_t credit = flow_consumed(&session->flow, (uint32_t)bytes);
    if (!credit || session->dead)
        return;
    uint8_t payload[4];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, credit);
    port_send(port, session->number, BL_MSG_CREDIT, payload, wr.used);
}

static void close_input(struct session *session) {
    close(session->input);
    session->input = -1;
}
