#include "records.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../group/controllers.h"
#include "../system/clock.h"
#include "../system/write-whole.h"
#include "json.h"

#define STARTED "started.json"
#define EXIT "exit.json"
#define BOOT_ERROR "boot-error.json"
#define PORTS "ports.json"
#define NET_ENDED "net-ended.json"
#define NEW ".new"
#define RESERVED EXIT NEW

/* More than two tails of which every byte is escaped. */
enum { SMALL_BYTES = 4096, BOOT_ERROR_BYTES = 65536, PORT_BYTES = 160 };

static void put_walls(struct json *json, const struct vmm *vmm);
static void put_group(struct json *json, const struct vmm *vmm);
static void leave_unsynced(struct shim *shim);
static int place_boot_error(struct shim *shim, const char *stage, const struct err *why, bool with_tails);
static int place(struct shim *shim, const char *path, const char *new_path, struct json *json, struct err *err);

int records_clear(struct err *err) {
    static const char *const paths[] = {STARTED, EXIT, BOOT_ERROR, PORTS, NET_ENDED, RECORD_HEALTH};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (unlink(paths[i]) && errno != ENOENT)
            return err_errno(err, "remove %s", paths[i]);
    return 0;
}

void records_reserve(void) {
    cleanup_fd int fd = open(RESERVED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        (void)posix_fallocate(fd, 0, SMALL_BYTES);
}

int records_write_started(struct shim *shim, struct err *err) {
    char buffer[SMALL_BYTES], at[RFC3339_BYTES];
    clock_rfc3339(clock_wall_ns(), at);
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_string(&json, "at", at);
    json_number(&json, "shimPid", (uint64_t)getpid());
    json_number(&json, "shimStartTicks", shim->self.start_ticks);
    json_number(&json, "vmmPid", (uint64_t)shim->vmm.pid);
    json_string(&json, "bootId", shim->self.boot_id);
    put_walls(&json, &shim->vmm);
    put_group(&json, &shim->vmm);
    if (place(shim, STARTED, STARTED NEW, &json, err))
        return -1;
    leave_unsynced(shim);
    return 0;
}

static void put_walls(struct json *json, const struct vmm *vmm) {
    json_number(json, "walls", vmm->walls);
    json_list(json, "refused");
    for (uint32_t i = 0; i < vmm->refused_count; i++) {
        json_item(json);
        json_number(json, "wall", vmm->refused[i].wall);
        json_string(json, "reason", vmm->refused[i].err.msg);
        json_item_end(json);
    }
    json_list_end(json);
}

static void put_group(struct json *json, const struct vmm *vmm) {
    if (!(vmm->walls & BL_WALL_CGROUP))
        return;
    char controllers[CONTROLLER_NAMES_BYTES];
    controllers_names(vmm->group.controllers, controllers);
    json_string(json, "group", vmm->group.path);
    json_string(json, "controllers", controllers);
}

int records_write_ports(struct shim *shim, struct err *err) {
    const struct net_config *net = &shim->config.net;
    size_t size = SMALL_BYTES + net->port_count * (size_t)PORT_BYTES;
    cleanup_free char *buffer = malloc(size);
    if (!buffer)
        return err_set(err, ENOMEM, "write " PORTS ": no memory");
    struct json json;
    json_open(&json, buffer, size);
    json_list(&json, "ports");
    for (uint32_t i = 0; i < net->port_count; i++) {
        const struct published_port *port = &net->ports[i];
        char address[INET6_ADDRSTRLEN] = "";
        inet_ntop(port->is_v6 ? AF_INET6 : AF_INET, &port->host_address, address, sizeof address);
        json_item(&json);
        json_string(&json, "protocol", port->protocol == BL_IP_TCP ? "tcp" : "udp");
        json_string(&json, "hostAddress", address);
        json_number(&json, "hostPort", port->host_port);
        json_number(&json, "boxPort", port->box_port);
        json_item_end(&json);
    }
    json_list_end(&json);
    if (place(shim, PORTS, PORTS NEW, &json, err))
        return -1;
    leave_unsynced(shim);
    return 0;
}

void records_write_net_ended(struct shim *shim, const char *message) {
    char buffer[SMALL_BYTES], at[RFC3339_BYTES];
    clock_rfc3339(clock_wall_ns(), at);
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_string(&json, "at", at);
    json_string(&json, "message", message);
    struct err ignored;
    if (place(shim, NET_ENDED, NET_ENDED NEW, &json, &ignored) == 0)
        leave_unsynced(shim);
}

void records_write_exit(struct shim *shim, uint32_t code, uint32_t signal, uint32_t flags, const char *reason) {
    char buffer[SMALL_BYTES], at[RFC3339_BYTES];
    clock_rfc3339(clock_wall_ns(), at);
    struct json json;
    json_open(&json, buffer, sizeof buffer);
    json_number(&json, "code", code);
    json_number(&json, "signal", signal);
    json_bool(&json, "oom", flags & BL_EXIT_OOM);
    json_bool(&json, "timedOut", flags & BL_EXIT_TIMED_OUT);
    json_string(&json, "at", at);
    json_string(&json, "reason", reason);
    json_string(&json, "message", shim->faulted ? shim->fault.msg : "");
    json_number(&json, "vmmSignal", (uint64_t)shim->vmm_signal);
    json_bool(&json, "logComplete", !shim->output_log.incomplete);
    struct err ignored;
    (void)place(shim, EXIT, RESERVED, &json, &ignored);
}

void records_write_boot_error(struct shim *shim, uint32_t stage, const struct err *why) {
    if (shim->boot_error_written)
        return;
    /* A full disk has room for what is reserved. */
    shim->boot_error_written = place_boot_error(shim, stage_name(stage), why, true) == 0 ||
                               place_boot_error(shim, stage_name(stage), why, false) == 0;
}

static int place_boot_error(struct shim *shim, const char *stage, const struct err *why, bool with_tails) {
    cleanup_free char *buffer = malloc(BOOT_ERROR_BYTES);
    if (!buffer)
        return -1;
    struct json json;
    json_open(&json, buffer, BOOT_ERROR_BYTES);
    json_string(&json, "stage", stage);
    json_number(&json, "errno", (uint64_t)why->code);
    json_string(&json, "message", why->msg);
    json_string(&json, "vmmEnd", shim->vmm_end);
    json_number(&json, "vmmSignal", (uint64_t)shim->vmm_signal);
    json_bool(&json, "oom", shim->vmm.out_of_bounds);
    json_text(&json, "console", shim->console_tail.bytes, with_tails ? shim->console_tail.used : 0);
    json_text(&json, "vmm", shim->vmm_tail.bytes, with_tails ? shim->vmm_tail.used : 0);
    struct err ignored;
    return place(shim, BOOT_ERROR, RESERVED, &json, &ignored);
}

void records_sync(struct shim *shim) {
    if (shim->unsynced_fd < 0)
        return;
    fsync(shim->unsynced_fd);
    close(shim->unsynced_fd);
    shim->unsynced_fd = -1;
    cleanup_fd int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0)
        fsync(directory);
}

const char *stage_name(uint32_t stage) {
    static const char *const names[] = BL_STAGE_NAMES;
    const char *name = stage < sizeof names / sizeof *names ? names[stage] : NULL;
    return name ? name : "unknown";
}

/* After a crash of the host its new boot id shows that the box is gone, with this record or without. */
static void leave_unsynced(struct shim *shim) {
    close(shim->unsynced_fd);
    shim->unsynced_fd = -1;
}

static int place(struct shim *shim, const char *path, const char *new_path, struct json *json, struct err *err) {
    size_t n = json_close(json);
    cleanup_fd int fd = open(new_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    /* Overwrites, then truncates: truncating first would free the space that was reserved. */
    if (fd < 0 || write_whole(fd, json->p, n) || ftruncate(fd, (off_t)n) || rename(new_path, path))
        return err_errno(err, "write %s", path);
    records_sync(shim);
    shim->unsynced_fd = take_fd(&fd);
    return 0;
}
