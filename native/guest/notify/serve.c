#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../proc/passed.h"
#include "../system/console.h"
#include "call.h"
#include "change.h"
#include "packet.h"
#include "target.h"

/* What an answer says when it is left to the kernel. */
enum { LEFT_TO_THE_KERNEL = INT_MIN };
enum { HOST_PACKET, FIRST_LISTENER, OWN_LISTENER, SOURCES };

static struct notify_volumes volumes;
static struct shadow shadow;
static struct pollfd sources[SOURCES];

static void take_packets(void);
static uint8_t take_packet(uint32_t *id, uint32_t *errno_value);
static void take_changes(struct rd *rd);
static void list_again(void);
static void take_call(struct pollfd *listener);
static int answer(const struct seccomp_notif *notification, int listener);
static int watch(const struct call *call, int file);
static struct watched *watched_for(const struct target *target, int *failure);
static int find_shadow(const struct target *target, const char *place, struct watched **watched);
static struct watched *ask_host(const struct target *target, int fd, int *failure);
static void tell_host(uint8_t type, const struct wr *wr);
static void end_watch(const struct watched *watched);
static void forget_gone(void);
static void unwatch(uint32_t id);

int notify_prepare(const struct bootstrap *message, pid_t first, int host, int listener, struct err *err) {
    sources[HOST_PACKET] = (struct pollfd){.fd = host, .events = POLLIN};
    sources[FIRST_LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    sources[OWN_LISTENER].fd = -1;
    shadow.root = shadow_tree(err);
    return shadow.root < 0 || notify_volumes_find(message, first, &volumes, err) ? -1 : 0;
}

_Noreturn void notify_serve(void) {
    int passed[PASSED_MOST];
    char byte;
    if (passed_receive(sources[HOST_PACKET].fd, &byte, 1, passed))
        _exit(1);
    sources[OWN_LISTENER] = (struct pollfd){.fd = passed[0], .events = POLLIN};
    for (;;) {
        if (poll(sources, SOURCES, -1) < 0)
            continue;
        if (sources[HOST_PACKET].revents)
            take_packets();
        for (int i = FIRST_LISTENER; i < SOURCES; i++)
            if (sources[i].revents)
                take_call(&sources[i]);
    }
}

static void take_packets(void) {
    uint32_t id, errno_value;
    take_packet(&id, &errno_value); /* an answer can't come now: each is waited for */
}

/* Waits for one; gives its type and, for an answer, what that says. The agent's end is the VM's. */
static uint8_t take_packet(uint32_t *id, uint32_t *errno_value) {
    static uint8_t packet[NOTIFY_PACKET_BYTES];
    ssize_t size;
    do
        size = recv(sources[HOST_PACKET].fd, packet, sizeof packet, 0);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        _exit(0);
    struct rd rd = {.p = packet + 1, .left = (size_t)size - 1};
    if (*packet == BL_MSG_CHANGES) {
        take_changes(&rd);
    } else {
        *id = rd_u32(&rd);
        *errno_value = rd_u32(&rd);
    }
    return *packet;
}

static void take_changes(struct rd *rd) {
    bool lost = false, moved = false;
    for (uint32_t left = rd_u32(rd); left && !rd->bad; left--) {
        struct change change = {.id = rd_u32(rd), .mask = rd_u32(rd), .cookie = rd_u32(rd)};
        char name[NAME_MAX + 1];
        const uint8_t *bytes;
        uint32_t size;
        rd_bytes(rd, &bytes, &size);
        if (rd->bad || size > NAME_MAX)
            break;
        if (size)
            memcpy(name, bytes, size);
        name[size] = 0;
        change.name = name;
        switch (change_apply(&shadow, &change)) {
        case CHANGE_LOST:
            lost = true;
            break;
        case CHANGE_OF_NONE:
            unwatch(change.id);
            break;
        case CHANGE_DONE:
            break;
        }
        moved = moved || (change.mask & IN_MOVE_SELF) ||
                (change.mask & (IN_MOVED_FROM | IN_ISDIR)) == (IN_MOVED_FROM | IN_ISDIR);
    }
    changes_end(&shadow);
    if (moved)
        forget_gone();
    if (lost)
        list_again();
    tell_host(BL_MSG_CHANGES_TAKEN, &(struct wr){0});
}

/* Whatever has been lost, this shows: new names, those that are gone, and of the others that they may have changed. */
static void list_again(void) {
    for (uint32_t i = 0; i < shadow.count; i++) {
        struct watched *watched = &shadow.watched[i];
        char path[PATH_MAX];
        if (!watched->id)
            continue;
        if (*watched->self) {
            change_apply(&shadow, &(struct change){.id = watched->id, .mask = IN_MODIFY, .name = ""});
            continue;
        }
        struct stat real;
        unsigned number;
        int length;
        cleanup_fd int directory = -1;
        if (shadow_path(&shadow, watched->fd, path) == 0 && sscanf(path, "%u%n", &number, &length) == 1 &&
            number < volumes.count)
            directory = notify_volume_directory(&volumes.all[number], path + length + strspn(path + length, "/"),
                                                O_RDONLY);
        if (directory >= 0 && fstat(directory, &real) == 0 && real.st_ino == watched->real)
            shadow_list(watched, directory, true);
        else
            end_watch(watched);
    }
}

static void take_call(struct pollfd *listener) {
    static struct seccomp_notif *notification;
    static struct seccomp_notif_sizes sizes;
    if (!notification) {
        syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
        if (sizes.seccomp_notif < sizeof *notification)
            sizes.seccomp_notif = sizeof *notification;
        notification = malloc(sizes.seccomp_notif);
    }
    if (!(listener->revents & POLLIN) || !notification) {
        listener->fd = -1; /* nobody is left who has its filter */
        return;
    }
    memset(notification, 0, sizes.seccomp_notif);
    if (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, notification))
        return; /* the caller has gone */
    int value = answer(notification, listener->fd);
    struct seccomp_notif_resp response = {.id = notification->id};
    if (value == LEFT_TO_THE_KERNEL)
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (value < 0)
        response.error = value;
    else
        response.val = value;
    ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* What is not in one of the volumes, and what can't be found, the kernel does itself: nothing depends on that the path
 * still reads the same then. */
static int answer(const struct seccomp_notif *notification, int listener) {
    static struct call call;
    const uint64_t arguments[] = {notification->data.args[0], notification->data.args[1], notification->data.args[2]};
    uint64_t id = notification->id;
    int value = LEFT_TO_THE_KERNEL;
    /* Only this says that the number was not another process's by then; from here on it is not used again. */
    if (call_read((pid_t)notification->pid, arguments, &call) == 0 &&
        ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0) {
        cleanup_fd int file = call_open(&call);
        value = file < 0 ? LEFT_TO_THE_KERNEL : watch(&call, file);
    }
    call_close(&call);
    return value;
}

static int watch(const struct call *call, int file) {
    struct target target;
    int failure = LEFT_TO_THE_KERNEL;
    if (target_find(&volumes, file, &target))
        return LEFT_TO_THE_KERNEL;
    if (!call_may_read(call, file))
        return -EACCES;
    const struct watched *watched = watched_for(&target, &failure);
    return watched ? call_add_watch(call, watched->fd, target.name) : failure;
}

static struct watched *watched_for(const struct target *target, int *failure) {
    char place[PATH_MAX + 16] = "";
    struct watched *watched;
    if (!target->volume->is_file)
        snprintf(place, sizeof place, "%d/%.*s", target->number, (int)target->above, target->path);
    int fd = find_shadow(target, place, &watched);
    if (fd >= 0 && watched && watched->real != target->real) {
        /* A directory above it, which nobody watches, has been renamed on the host: this one is another. */
        close(fd);
        end_watch(watched);
        forget_gone();
        fd = find_shadow(target, place, &watched);
    }
    if (fd < 0) {
        *failure = -errno;
        shadow_prune(&shadow, place, "");
        return NULL;
    }
    if (watched)
        close(fd);
    else if (!(watched = ask_host(target, fd, failure))) {
        shadow_prune(&shadow, place, target->directory ? "" : target->name);
        return NULL;
    }
    if (!target->directory || watched->listed)
        return watched;
    cleanup_fd int real = openat(target->file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (real >= 0 && shadow_list(watched, real, false) == 0)
        return watched;
    *failure = -(errno ? errno : EIO);
    return NULL;
}

/* Makes what is missing of it, and gives the directory's descriptor (-1 with errno) and who has it watched already. */
static int find_shadow(const struct target *target, const char *place, struct watched **watched) {
    struct stat named, at;
    cleanup_fd int fd = shadow_directory(&shadow, place);
    if (fd < 0 || fchdir(fd) || (!target->directory && shadow_make(target->name, false) && errno != EEXIST) ||
        lstat(target->name, &named) || fstat(fd, &at))
        return -1;
    *watched = shadow_by_inode(&shadow, target->volume->is_file ? named.st_ino : at.st_ino);
    return take_fd(&fd);
}

/* Only what the kernel would say of its own limits is said of the host's. */
static struct watched *ask_host(const struct target *target, int fd, int *failure) {
    const char *subpath = target->volume->subpath;
    uint8_t payload[2 * PATH_MAX + 16];
    char path[2 * PATH_MAX];
    struct watched *watched = shadow_add(&shadow, fd, target->volume->is_file ? target->name : "");
    if (!watched) {
        *failure = -errno;
        close(fd);
        return NULL;
    }
    watched->real = target->real;
    uint32_t id = watched->id, answered = 0, errno_value = 0;
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, id);
    wr_u32(&wr, target->volume->share);
    snprintf(path, sizeof path, "%s/%.*s", subpath, (int)target->above, target->path);
    wr_bytes(&wr, path, (uint32_t)strlen(path));
    tell_host(BL_MSG_WATCH, &wr);
    while (take_packet(&answered, &errno_value) != BL_MSG_WATCHED || answered != id)
        ;
    watched = shadow_by_id(&shadow, id);
    if (!errno_value || !watched)
        return watched;
    shadow_forget(watched);
    *failure = errno_value == ENOSPC || errno_value == EMFILE || errno_value == ENOMEM ? -ENOSPC : LEFT_TO_THE_KERNEL;
    return NULL;
}

/* The agent passes it on; it is never behind by more than one batch of changes and one answer. */
static void tell_host(uint8_t type, const struct wr *wr) {
    static uint8_t packet[NOTIFY_PACKET_BYTES];
    *packet = type;
    if (wr->used)
        memcpy(packet + 1, wr->p, wr->used);
    if (send(sources[HOST_PACKET].fd, packet, wr->used + 1, MSG_NOSIGNAL) < 0)
        _exit(0);
}

static void end_watch(const struct watched *watched) {
    uint32_t id = watched->id;
    change_apply(&shadow, &(struct change){.id = id, .mask = IN_DELETE_SELF, .name = ""});
    unwatch(id);
}

/* Below a directory that has gone out of sight: there nothing happens on the host that would tell. */
static void forget_gone(void) {
    for (uint32_t i = 0; i < shadow.count; i++) {
        struct watched *watched = &shadow.watched[i];
        if (!watched->id || !shadow_is_gone(watched))
            continue;
        unwatch(watched->id);
        shadow_forget(watched);
    }
}

static void unwatch(uint32_t id) {
    uint8_t payload[4];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, id);
    tell_host(BL_MSG_UNWATCH, &wr);
}
