#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../box/box-archive.h"
#include "../box/cgroup.h"
#include "../box/join.h"
#include "../command/terminal.h"
#include "../proc/process-end.h"
#include "../proc/spawn.h"

/* The command's side of its streams. */
struct far_ends {
    int input, output, error, terminal;
};

static int use_terminal(struct session *session, const struct exec_request *request, int *number, struct err *err);
static int use_pipes(struct session *session, const struct exec_request *request, struct far_ends *far,
                     struct err *err);
static int make_pipe(int *reader, int *writer, int *ours, struct err *err);
static void close_far(const struct far_ends *far);

int exec_main(struct session *session, struct box *box, const struct exec_request *request,
              const struct message *message, struct err *err) {
    int terminal = -1;
    if (request->flags & BL_EXEC_TTY) {
        if (use_terminal(session, request, &terminal, err))
            return -1;
        close(box->input);
        close(box->output);
        close(box->error);
    } else {
        session->output.fd = box->output;
        session->error.fd = box->error;
        if (request->flags & BL_EXEC_STDIN)
            session->input = box->input;
        else
            close(box->input);
    }
    box->input = box->output = box->error = -1;
    session->pid = box->pid;
    box->may_trace = !box->all_devices && launch_may_trace(request);
    if (box_start(box, message->payload, message->size, terminal, err))
        return -1;
    session->report = take_fd(&box->channel);
    fcntl(session->report, F_SETFL, O_NONBLOCK);
    return 0;
}

int exec_in_box(struct session *session, const struct box *box, const struct exec_request *request, struct err *err) {
    struct far_ends far = {-1, -1, -1, -1};
    int reader = -1, writer = -1;
    int failed = 0;
    if (request->flags & BL_EXEC_TTY)
        failed = use_terminal(session, request, &far.terminal, err);
    else if (!session->detached)
        failed = use_pipes(session, request, &far, err);
    if (!failed)
        failed = make_pipe(&reader, &writer, &reader, err);
    if (!failed) {
        session->pid = join_spawn(box, &(struct launch){.request = request,
                                                        .input = far.input,
                                                        .output = far.output,
                                                        .error = far.error,
                                                        .terminal = far.terminal,
                                                        .report = writer});
        if (session->pid < 0) {
            session->pid = 0;
            failed = (errno == ENOMEM || errno == ESRCH) && box_is_ending(box)
                         ? err_set(err, ESRCH, "the box is ending")
                         : err_errno(err, "can't start a process in the box");
        } else {
            session->end = process_end_open(session->pid);
        }
    }
    session->report = reader;
    close_far(&far);
    if (writer >= 0)
        close(writer);
    return failed;
}

int exec_archive(struct session *session, const struct box *box, const struct exec_request *request, struct err *err) {
    struct far_ends far = {-1, -1, -1, -1};
    int reader = -1, writer = -1;
    int failed = use_pipes(session, request, &far, err);
    if (!failed)
        failed = make_pipe(&reader, &writer, &reader, err);
    if (!failed && (request->flags & BL_EXEC_FREEZE)) {
        failed = cgroup_freeze(err);
        session->froze = !failed;
    }
    if (!failed) {
        session->pid = spawn(0, -1);
        if (session->pid == 0 && request->flags & BL_EXEC_ARCHIVE)
            box_archive(far.output, far.error, writer, request->flags);
        if (session->pid == 0)
            box_copy(box, request, request->flags & BL_EXEC_PACK ? far.output : far.input, far.error, writer);
        if (session->pid < 0) {
            session->pid = 0;
            failed = err_errno(err, "can't start a process");
        }
    }
    session->report = reader;
    close_far(&far);
    if (writer >= 0)
        close(writer);
    return failed;
}

/* Input and output are one device, but two descriptors, so that each is closed in its own time. */
static int use_terminal(struct session *session, const struct exec_request *request, int *number, struct err *err) {
    session->terminal = true;
    session->output.fd = terminal_make(request->rows, request->cols, number, err);
    if (session->output.fd < 0)
        return -1;
    session->input = fcntl(session->output.fd, F_DUPFD_CLOEXEC, 3);
    return session->input < 0 ? err_errno(err, "can't make a terminal") : 0;
}

static int use_pipes(struct session *session, const struct exec_request *request, struct far_ends *far,
                     struct err *err) {
    if (make_pipe(&session->output.fd, &far->output, &session->output.fd, err) ||
        make_pipe(&session->error.fd, &far->error, &session->error.fd, err))
        return -1;
    if (!(request->flags & BL_EXEC_STDIN))
        return 0;
    return make_pipe(&far->input, &session->input, &session->input, err);
}

/* Our end does not block, the command's does. */
static int make_pipe(int *reader, int *writer, int *ours, struct err *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, "can't make a pipe");
    *reader = ends[0];
    *writer = ends[1];
    fcntl(*ours, F_SETFL, O_NONBLOCK);
    return 0;
}

static void close_far(const struct far_ends *far) {
    if (far->input >= 0)
        close(far->input);
    if (far->output >= 0)
        close(far->output);
    if (far->error >= 0)
        close(far->error);
}
