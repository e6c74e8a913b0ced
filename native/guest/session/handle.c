/* What the host asks for, one function a message. */
#include "handle.h"

#include <errno.h>
#include <signal.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../boot/network.h"
#include "../command/terminal.h"
#include "exec.h"
#include "notify.h"
#include "session-input.h"
#include "stats.h"

/* No command of the box's, so these may begin before main. */
enum { ARCHIVES = BL_EXEC_ARCHIVE | BL_EXEC_PACK | BL_EXEC_UNPACK };

static void handle_exec(struct server *server, const struct message *message);
static int start(struct server *server, const struct message *message, struct err *err);
static int start_session(struct server *server, const struct message *message, const struct exec_request *request,
                         struct err *err);
static void handle_stdin(struct server *server, struct session *session, const struct message *message);
static void handle_credit(struct server *server, struct session *session, uint32_t bytes);
static void handle_healthcheck(struct server *server, const struct message *message);
static void handle_net_address(struct server *server, const struct message *message);
static void refuse(struct server *server, const char *what);

void server_handle(struct server *server, const struct message *message) {
    struct rd rd = {.p = message->payload, .left = message->size};
    struct session *session = server_find(server, message->session);
    uint32_t rows, cols, number;

    switch (message->type) {
    case BL_MSG_EXEC:
        handle_exec(server, message);
        return;
    case BL_MSG_SHUTDOWN:
        server->shutting_down = true;
        server_kill_box(server);
        return;
    case BL_MSG_HEALTHCHECK:
        handle_healthcheck(server, message);
        return;
    case BL_MSG_STATS_REQUEST:
        stats_answer(server->port, message, server->box);
        return;
    case BL_MSG_NET_ADDRESS:
        handle_net_address(server, message);
        return;
    case BL_MSG_WATCHED:
    case BL_MSG_CHANGES:
        notify_from_host(server, message);
        return;
    case BL_MSG_NET_LOST:
        network_go_down();
        return;
    case BL_MSG_BOOTSTRAP:
        refuse(server, "a second bootstrap");
        return;
    case BL_MSG_STDIN:
    case BL_MSG_CREDIT:
    case BL_MSG_RESIZE:
    case BL_MSG_SIGNAL:
    case BL_MSG_HANGUP:
        break;
    default:
        refuse(server, "a message of unknown type");
        return;
    }
    if (!session && message->type == BL_MSG_CREDIT && message->session == BL_SESSION_MAIN) {
        number = rd_u32(&rd);
        server->main_unread -= number < server->main_unread ? number : server->main_unread;
    }
    if (!session)
        return; /* it has just ended, which the host can't know yet */

    switch (message->type) {
    case BL_MSG_STDIN:
        handle_stdin(server, session, message);
        return;
    case BL_MSG_CREDIT:
        number = rd_u32(&rd);
        if (!rd.bad)
            handle_credit(server, session, number);
        break;
    case BL_MSG_RESIZE:
        rows = rd_u16(&rd);
        cols = rd_u16(&rd);
        if (!rd.bad && session->terminal && session->output.fd >= 0)
            terminal_resize(session->output.fd, (uint16_t)rows, (uint16_t)cols);
        break;
    case BL_MSG_SIGNAL:
        number = rd_u32(&rd);
        rd.bad = rd.bad || number == 0 || number > (uint32_t)SIGRTMAX;
        if (!rd.bad)
            session_signal(session, (int)number);
        break;
    case BL_MSG_HANGUP:
        session_hang_up(session);
        break;
    }
    if (rd.bad || rd.left)
        refuse(server, "a malformed message");
}

static void handle_exec(struct server *server, const struct message *message) {
    struct err err;
    if (start(server, message, &err) == 0)
        return;
    port_send_failed(server->port, message->session, BL_STAGE_EXEC, &err);
    if (message->session != BL_SESSION_MAIN || !server->main_seen)
        return;
    if (server_find(server, BL_SESSION_MAIN))
        return;
    server->main_ended = true; /* without its command the box ends */
    server_kill_box(server);
}

static int start(struct server *server, const struct message *message, struct err *err) {
    if (message->session == BL_SESSION_CONTROL || server_find(server, message->session))
        return err_set(err, EPROTO, "session %u is in use", message->session);
    if (message->session == BL_SESSION_MAIN ? server->main_seen : !server->box->pid)
        return err_set(err, ESRCH, "the box is not running");
    if (server->main_ended || server->shutting_down)
        return err_set(err, ESRCH, "the box is ending");
    if (server->session_count >= BL_LIMIT_MAX_SESSIONS)
        return err_set(err, EAGAIN, "the box has too many exec sessions");
    struct exec_request request;
    int failed = exec_request_decode(message->payload, message->size, &request, err);
    if (!failed && (request.flags & BL_EXEC_UNPACK) && !(request.flags & BL_EXEC_STDIN))
        failed = err_set(err, EPROTO, "an archive to unpack comes by stdin");
    if (!failed && message->session != BL_SESSION_MAIN && !server->main_seen && !(request.flags & ARCHIVES))
        failed = err_set(err, ESRCH, "the box is not running");
    if (!failed)
        failed = start_session(server, message, &request, err);
    exec_request_free(&request);
    return failed;
}

static int start_session(struct server *server, const struct message *message, const struct exec_request *request,
                         struct err *err) {
    struct session *session = session_new(message->session);
    if (!session)
        return err_set(err, ENOMEM, "no memory for a session");
    session->detached = message->session != BL_SESSION_MAIN && (message->flags & BL_FLAG_DETACHED);
    if (message->session == BL_SESSION_MAIN)
        server->main_seen = true;
    int failed;
    if (message->session == BL_SESSION_MAIN)
        failed = exec_main(session, server->box, request, message, err);
    else if (request->flags & ARCHIVES)
        failed = exec_archive(session, server->box, request, err);
    else
        failed = exec_in_box(session, server->box, request, err);
    if (failed) {
        session_free(session);
        return -1;
    }
    session->next = server->sessions;
    server->sessions = session;
    server->session_count++;
    server_watch(server, session);
    if (request->timeout_ms)
        session_arm(session, STEP_TERM, request->timeout_ms);
    return 0;
}

static void handle_stdin(struct server *server, struct session *session, const struct message *message) {
    if (!session_take_input(session, server->port, message->payload, message->size, message->flags & BL_FLAG_EOF))
        refuse(server, "more stdin than the window allows");
}

static void handle_credit(struct server *server, struct session *session, uint32_t bytes) {
    if (!flow_credited(&session->flow, bytes))
        refuse(server, "credit for what was never sent");
}

/* A check that can't be decoded does not keep the box from running, but its author must learn of it. */
static void handle_healthcheck(struct server *server, const struct message *message) {
    struct err err;
    int failed = server->main_seen ? err_set(&err, EPROTO, "the healthcheck comes after the command")
                                   : health_configure(&server->health, message->payload, message->size, &err);
    if (failed)
        port_send_failed(server->port, BL_SESSION_CONTROL, BL_STAGE_BOOTSTRAP, &err);
}

static void handle_net_address(struct server *server, const struct message *message) {
    bool add;
    struct net_address address;
    struct err err;
    if (message->session < BL_SESSION_FIRST_EXEC || server_find(server, message->session)) {
        refuse(server, "an address on a session in use");
        return;
    }
    if (net_address_decode(message->payload, message->size, &add, &address, &err) ||
        network_change_address(add, &address, &err))
        port_send_failed(server->port, message->session, BL_STAGE_EXEC, &err);
    else
        port_send(server->port, message->session, BL_MSG_NET_ADDRESSED, NULL, 0);
}

/* On the control session: on its own, the failure would end a session that goes on. */
static void refuse(struct server *server, const char *what) {
    struct err err;
    err_set(&err, EPROTO, "the host sent %s", what);
    port_send_failed(server->port, BL_SESSION_CONTROL, BL_STAGE_AGENT, &err);
}
